import type { Clock } from '@edgestock/shared/runtime/clock';
import { problemOf } from '@edgestock/shared/runtime/problem';
import type { CentralMetrics, DirectiveReadings, IngestReadings, PromiseReadings } from '../metrics.ts';
import type { CentralReader } from '../store/central-store.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import { isFenced, type SyncState } from '../warehouses/sync-state.ts';
import type { Warehouses } from '../warehouses/warehouses.ts';
import type { AvailabilityFanOuts } from './availability-fan-outs.ts';
import { type Doors, jsonResponse, problemResponse } from './doors.ts';
import { problems } from './problems.ts';
import { QUARANTINE_PATH } from './quarantine-routes.ts';
import { parametersOf } from './request-parts.ts';
import { UNKNOWN_TASKS_PATH } from './unknown-task-routes.ts';
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

/** A whole check of the store. No findings: it is sound. */
export type IntegrityTold = {
  /** Ms since 1970 UTC. */
  readonly checkedAt: number;
  readonly durationMs: number;
  readonly findings: readonly string[];
};

/** What the API tells of the thread that promises. */
export type PromisingReport = {
  /** Commands without an answer. */
  readonly pending: number;
  readonly promises: PromiseReadings;
  readonly directives: DirectiveReadings;
};

export type OperatorView = {
  readonly version: string;
  readonly startedAt: number;
  readonly storePath: string;
  readonly reader: CentralReader & PromiseReader;
  readonly warehouses: Warehouses;
  readonly fanOuts: AvailabilityFanOuts;
  readonly metrics: CentralMetrics;
  readonly clock: Clock;
  readonly ingest: () => IngestReport;
  readonly integrity?: () => IntegrityTold | undefined;
  readonly promising: () => PromisingReport;
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
      return jsonResponse(JSON.stringify({ status: 'ready', ingest: view.ingest().state, ...integrityOf(view) }));
    },
  });

  doors('/v1/status', {
    GET: async (context) => {
      parametersOf(context, []);
      const now = view.clock.now();
      const [stats, fleet, promised] = await Promise.all([
        view.reader.stats(),
        view.warehouses.all(now),
        view.reader.promiseStats(),
      ]);
      const open = await directivesOpen(view.reader, fleet);
      const began = await view.reader.epochBegan();
      const { pending, promises, directives } = view.promising();
      return jsonResponse(
        JSON.stringify({
          role: 'central',
          version: view.version,
          startedAt: isoText(view.startedAt),
          centralEpoch: await view.reader.centralEpoch(),
          // Absent where central was never put back to an earlier state.
          ...(began === undefined ? {} : { epochBegan: { at: isoText(began.at), reason: began.reason } }),
          revision: stats.revision,
          store: { path: view.storePath, bytes: stats.bytes, batches: stats.batches },
          ...integrityOf(view),
          ingest: view.ingest(),
          warehouses: {
            enrolled: fleet.length,
            silent: fleet.filter(({ isSilent }) => isSilent).map(({ warehouse }) => warehouse),
            // Enrolled, but nothing is known of their stock yet.
            unknown: fleet.filter(({ asOf }) => asOf === undefined).map(({ warehouse }) => warehouse),
            fenced: fleet.filter(isFenced).map(({ warehouse }) => warehouse),
            // Nothing of them is promised until central has caught up with what it forgot.
            notCounted: fleet.filter(({ notCounted }) => notCounted !== undefined).map(({ warehouse }) => warehouse),
          },
          quarantined: stats.quarantined,
          quarantine: QUARANTINE_PATH,
          promises: { ...promised, pending, ...promises },
          ...(promised.unknownTasks === 0 ? {} : { unknownTasksAt: UNKNOWN_TASKS_PATH }),
          directives: { ...directives, notCarriedOut: Object.fromEntries(open) },
          eventStreams: view.fanOuts.streamCount,
        }),
      );
    },
  });

  doors('/metrics', {
    GET: async () => {
      const { metrics } = view;
      const ingest = view.ingest();
      const [stats, fleet, promised] = await Promise.all([
        view.reader.stats(),
        view.warehouses.all(view.clock.now()),
        view.reader.promiseStats(),
      ]);
      const open = new Map(await directivesOpen(view.reader, fleet));
      const { pending, promises, directives } = view.promising();
      const page = await metrics.page({
        central: {
          revision: stats.revision,
          store_bytes: stats.bytes,
          store_batches: stats.batches,
          warehouses: fleet.length,
          warehouses_silent: fleet.filter(({ isSilent }) => isSilent).length,
          warehouses_fenced: fleet.filter(isFenced).length,
          quarantined: stats.quarantined,
          reservations_held: promised.reservationsHeld,
          promises_pending: pending,
          oversold: promised.oversold,
          unknown_tasks: promised.unknownTasks,
          warehouses_not_counted: fleet.filter(({ notCounted }) => notCounted !== undefined).length,
          event_streams: view.fanOuts.streamCount,
          process_resident_bytes: view.residentBytes(),
          database_damaged: (view.integrity?.()?.findings.length ?? 0) > 0 ? 1 : 0,
          epoch: await view.reader.centralEpoch(),
          ingest_up: ingest.isUp ? 1 : 0,
        },
        warehouses: fleet.map((state) => ({ ...state, directivesOpen: open.get(state.warehouse) ?? 0 })),
        ingest: ingest.counters,
        promises,
        directives,
        orders: promised.orders,
      });
      return new Response(page, { headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' } });
    },
  });
}

/** Of the daily check; nothing before the first one of this run. */
function integrityOf({ integrity }: OperatorView) {
  const report = integrity?.();
  if (report === undefined) return {};
  const { checkedAt, durationMs, findings } = report;
  const state = findings.length === 0 ? 'sound' : 'damaged';
  return { integrity: { state, checkedAt: isoText(checkedAt), durationMs, findings } };
}

/** Directives written and, as far as their nodes have said, not carried out; only where there are any. */
async function directivesOpen(
  reader: PromiseReader,
  fleet: readonly SyncState[],
): Promise<readonly (readonly [warehouse: string, directives: number])[]> {
  const heads = await Promise.all(fleet.map(({ warehouse }) => reader.downHead(warehouse)));
  return fleet.flatMap(({ warehouse }, index) => {
    const head = heads[index];
    const open = head === undefined ? 0 : head.sequence - head.carriedOut;
    return open === 0 ? [] : [[warehouse, open] as const];
  });
}
