import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import { Hono } from 'hono';
import type { CentralMetrics } from '../metrics.ts';
import type { CentralReader } from '../store/central-store.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import { StoreFailing } from '../store/store-failing.ts';
import type { StorePlace } from '../store/store-place.ts';
import { Warehouses } from '../warehouses/warehouses.ts';
import { type ApiEnvironment, createDoors, type Doors, storeFailingResponse } from './doors.ts';
import {
  type IngestReport,
  type IntegrityTold,
  type OperatorReader,
  operatorRoutes,
  type PromisingReport,
  type Sharing,
} from './operator-routes.ts';
import { warehouseRoutes } from './warehouse-routes.ts';

/** The store has not been opened yet. */
class NotOpenYet extends StoreFailing {
  override readonly name = 'NotOpenYet';
  readonly reason = 'store-away';
  readonly hint = 'Central tries for ever; `ingest` in /v1/status says what keeps it.';
}

const OTHER_PROCESS =
  'This process of central has no part in answering shops (/v1/status, roles): ask one that was started with --roles api.';

/** What operators are told of a process, whatever it does. */
export type ProcessView = {
  readonly version: string;
  readonly store: StorePlace;
  readonly metrics: CentralMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly ingest: () => IngestReport;
  readonly integrity?: () => IntegrityTold | undefined;
  readonly promising: () => PromisingReport;
  readonly sharing: () => Sharing;
  readonly residentBytes: () => number;
};

/** What is answered before the store could be opened: probes, status and metrics; everything else waits for the store. */
export function waitingApp(view: ProcessView): Hono<ApiEnvironment> {
  const notYet = () => new NotOpenYet('it has not been opened yet');
  const absent = async () => {
    throw notYet();
  };
  const reader = {
    ...{ currentRevision: absent, stats: absent, centralEpoch: absent, epochBegan: absent },
    ...{ promiseStats: absent, downHead: absent },
  };
  const app = appOf(view, { reader, warehouses: { all: absent } });
  app.all('*', () => storeFailingResponse(notYet()));
  return app;
}

/** What a process answers that has no part in answering shops: how the nodes stand, probes, status and metrics. */
export function operatorApp(view: ProcessView, reader: CentralReader & PromiseReader): Hono<ApiEnvironment> {
  const warehouses = new Warehouses(reader);
  return appOf(view, { reader, warehouses }, (doors) =>
    warehouseRoutes(doors, { warehouses, reader, clock: view.clock }),
  );
}

function appOf(
  view: ProcessView,
  stored: { readonly reader: OperatorReader; readonly warehouses: Pick<Warehouses, 'all'> },
  more: (doors: Doors) => void = () => undefined,
): Hono<ApiEnvironment> {
  const app = new Hono<ApiEnvironment>();
  const { metrics, clock, log } = view;
  const observe = (route: string, status: number, durationMs: number) =>
    metrics.observeRequest(route, status, durationMs);
  const doors = createDoors(app, { clock, log, observe, elsewhere: OTHER_PROCESS });
  more(doors);
  operatorRoutes(doors, {
    ...{ ...view, ...stored, startedAt: clock.now(), fanOuts: { streamCount: 0 } },
    isStopping: () => false,
  });
  return app;
}
