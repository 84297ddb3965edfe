import type { Clock } from '@edgestock/shared/runtime/clock';
import { problemOf } from '@edgestock/shared/runtime/problem';
import type { CentralMetrics, IngestReadings } from '../metrics.ts';
import type { CentralReader } from '../store/central-store.ts';
import { isFenced } from '../warehouses/sync-state.ts';
import type { Warehouses } from '../warehouses/warehouses.ts';
import type { AvailabilityFanOut } from './availability-fan-out.ts';
import { type Doors, jsonResponse, problemResponse } from './doors.ts';
import { problems } from './problems.ts';
import { QUARANTINE_PATH } from './quarantine-routes.ts';
import { parametersOf } from './request-parts.ts';
import { isoText } from './warehouse-routes.ts';

/** What the API tells of ingest, which works in a thread of its own. */
export type IngestReport = {
  /** True while it is connected to the broker and applies what comes. */
  readonly isUp: boolean;
  /** What an operator should know, in a word and a sentence. */
  readonly state: string;
  readonly hint?: string;
  /** Since when (ISO text) and why it takes nothing in, where that is known. */
  readonly since?: string;
  readonly reason?: string;
  /** What it has counted since its thread started; absent before it has told. */
  readonly counters?: IngestReadings;
};

export type OperatorView = {
  readonly version: string;
  readonly startedAt: number;
  readonly storePath: string;
  readonly centralEpoch: number;
  readonly reader: CentralReader;
  readonly warehouses: Warehouses;
  readonly fanOut: AvailabilityFanOut;
  readonly metrics: CentralMetrics;
  readonly clock: Clock;
  readonly ingest: () => IngestReport;
  readonly isStopping: () => boolean;
  readonly residentBytes: () => number;
};

/** Probes, status and metrics. */
export function operatorRoutes(doors: Doors, view: OperatorView): void {
  // Alive: the event loop turns. Nothing else, or a full disk would have the supervisor restart a healthy process for ever.
  doors('/healthz', { GET: () => jsonResponse('{"status":"alive"}') });

  /** Ready to answer reads. A broker that is away does not make central unready: it serves what it knows, with its age. */
  doors('/readyz', {
    GET: async () => {
      if (view.isStopping()) return problemResponse(problemOf(problems.unavailable, 'Central is stopping.'));
      try {
        await view.reader.currentRevision();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return problemResponse(problemOf(problems.unavailable, `The store cannot be read: ${reason}.`));
      }
      return jsonResponse(JSON.stringify({ status: 'ready', ingest: view.ingest().state }));
    },
  });

  doors('/v1/status', {
    GET: async (context) => {
      parametersOf(context, []);
      const now = view.clock.now();
      const [stats, fleet] = await Promise.all([view.reader.stats(), view.warehouses.all(now)]);
      return jsonResponse(
        JSON.stringify({
          role: 'central',
          version: view.version,
          startedAt: isoText(view.startedAt),
          centralEpoch: view.centralEpoch,
          revision: stats.revision,
          store: { path: view.storePath, bytes: stats.bytes, batches: stats.batches },
          ingest: view.ingest(),
          warehouses: {
            enrolled: fleet.length,
            silent: fleet.filter(({ isSilent }) => isSilent).map(({ warehouse }) => warehouse),
            // Enrolled, but nothing is known of their stock yet.
            unknown: fleet.filter(({ asOf }) => asOf === undefined).map(({ warehouse }) => warehouse),
            fenced: fleet.filter(isFenced).map(({ warehouse }) => warehouse),
          },
          quarantined: stats.quarantined,
          quarantine: QUARANTINE_PATH,
          eventStreams: view.fanOut.streamCount,
        }),
      );
    },
  });

  doors('/metrics', {
    GET: async () => {
      const { metrics } = view;
      const ingest = view.ingest();
      const [stats, fleet] = await Promise.all([view.reader.stats(), view.warehouses.all(view.clock.now())]);
      const page = await metrics.page({
        central: {
          revision: stats.revision,
          store_bytes: stats.bytes,
          store_batches: stats.batches,
          warehouses: fleet.length,
          warehouses_silent: fleet.filter(({ isSilent }) => isSilent).length,
          warehouses_fenced: fleet.filter(isFenced).length,
          quarantined: stats.quarantined,
          event_streams: view.fanOut.streamCount,
          process_resident_bytes: view.residentBytes(),
          ingest_up: ingest.isUp ? 1 : 0,
        },
        warehouses: fleet,
        ingest: ingest.counters,
      });
      return new Response(page, { headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' } });
    },
  });
}
