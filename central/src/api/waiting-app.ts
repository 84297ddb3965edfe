import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { Hono } from 'hono';
import type { CentralMetrics } from '../metrics.ts';
import { StoreFailing } from '../store/store-failing.ts';
import type { StorePlace } from '../store/store-place.ts';
import { type ApiEnvironment, createDoors, storeFailingResponse } from './doors.ts';
import { type IngestReport, operatorRoutes, type PromisingReport } from './operator-routes.ts';

/** The store has not been opened yet. */
class NotOpenYet extends StoreFailing {
  override readonly name = 'NotOpenYet';
  readonly hint = 'Central tries for ever; /v1/status says what keeps it.';
}

/** What is answered before the store could be opened: probes, status and metrics; everything else waits for the store. */
export function waitingApp(view: {
  readonly version: string;
  readonly store: StorePlace;
  readonly metrics: CentralMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly ingest: () => IngestReport;
  readonly promising: () => PromisingReport;
  readonly residentBytes: () => number;
}): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  const { metrics, clock, log } = view;
  const observe = (route: string, status: number, durationMs: number) =>
    metrics.observeRequest(route, status, durationMs);
  const notYet = () => new NotOpenYet('it has not been opened yet');
  const absent = async () => {
    throw notYet();
  };
  operatorRoutes(createDoors(app, { clock, log, observe }), {
    ...view,
    startedAt: clock.now(),
    reader: {
      ...{ currentRevision: absent, stats: absent, centralEpoch: absent, epochBegan: absent },
      ...{ promiseStats: absent, downHead: absent },
    },
    warehouses: { all: absent },
    fanOuts: { streamCount: 0 },
    isStopping: () => false,
  });
  app.all('*', () => storeFailingResponse(notYet()));
  return app;
}
