import type { Clock } from '@edgestock/shared/runtime/clock';
import { problemOf } from '@edgestock/shared/runtime/problem';
import { centralLimits } from '../limits.ts';
import type { CentralMetrics, DirectiveReadings, IngestReadings, PromiseReadings } from '../metrics.ts';
import type { SharedStockReport } from '../redis/shared-stock.ts';
import type { CentralReader } from '../store/central-store.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import { type StorePlace, shownPlace } from '../store/store-place.ts';
import { isFenced, type SyncState } from '../warehouses/sync-state.ts';
import type { Warehouses } from '../warehouses/warehouses.ts';
import type { AvailabilityFanOuts } from './availability-fan-outs.ts';
import { type Doors, jsonResponse, problemResponse, storeFailingResponse } from './doors.ts';
import { problems } from './problems.ts';
import { QUARANTINE_PATH } from './quarantine-routes.ts';
import { parametersOf } from './request-parts.ts';
import { type StoreSilence, TimelyRead } from './timely-read.ts';
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

/** A whole check of the store, or damage that somebody has stumbled over in it. No findings: it is sound. */
export type IntegrityTold = {
  /** Ms since 1970 UTC. */
  readonly checkedAt: number;
  readonly durationMs: number;
  readonly findings: readonly string[];
  /** What to do about them. */
  readonly hint?: string;
};

/** What the API tells of the thread that promises. */
export type PromisingReport = {
  /** Commands without an answer. */
  readonly pending: number;
  readonly promises: PromiseReadings;
  readonly directives: DirectiveReadings;
};

/** What of the store they ask. */
export type OperatorReader = Pick<CentralReader, 'currentRevision' | 'stats' | 'centralEpoch' | 'epochBegan'> &
  Pick<PromiseReader, 'promiseStats' | 'downHead'>;

/** Which part of central this process is. */
export type Sharing = {
  readonly roles: readonly string[];
  /** Of the nodes, which it takes in; absent where it takes in all of them, or none. */
  readonly shards?: readonly number[];
};

/** What is kept in memory of the answers, and whether it may be given. */
export type CacheReport = {
  readonly hits: number;
  readonly misses: number;
  /** How long ago all changes were known here; 0 where they are told by the one process that makes them. */
  readonly staleMs: number;
  readonly isTrusted: boolean;
  /** What was found of what other processes keep in Redis; absent where none is named. */
  readonly redis?: SharedStockReport;
};

export type OperatorView = {
  readonly version: string;
  readonly startedAt: number;
  readonly store: StorePlace;
  readonly reader: OperatorReader;
  readonly warehouses: Pick<Warehouses, 'all'>;
  readonly fanOuts: Pick<AvailabilityFanOuts, 'streamCount'>;
  readonly metrics: CentralMetrics;
  readonly clock: Clock;
  readonly ingest: () => IngestReport;
  readonly integrity?: () => IntegrityTold | undefined;
  readonly promising: () => PromisingReport;
  readonly isStopping: () => boolean;
  readonly sharing?: () => Sharing;
  /** Absent where no answers are given yet. */
  readonly cache?: () => CacheReport;
  readonly residentBytes: () => number;
};

/** Probes, status and metrics. */
export function operatorRoutes(doors: Doors, view: OperatorView): void {
  const { clock } = view;
  const status = new TimelyRead(() => storedOf(view), { clock, waitMsMax: centralLimits.statusReadMsMax });
  const probe = new TimelyRead(() => view.reader.currentRevision(), {
    clock,
    waitMsMax: centralLimits.statusReadMsMax,
  });
  const figures = new TimelyRead(() => countedOf(view), { clock, waitMsMax: centralLimits.metricsReadMsMax });

  // Alive: the event loop turns. Nothing else, or a full disk would have the supervisor restart a healthy process for ever.
  doors('/healthz', { GET: () => jsonResponse('{"status":"alive"}') });

  /**
   * Ready to answer reads. A broker that is away does not make central unready: it serves what it knows, with its age. A store that is
   * known to be damaged does, though what can be read of it is answered.
   */
  doors('/readyz', {
    GET: async () => {
      if (view.isStopping()) return problemResponse(problemOf(problems.unavailable, 'Central is stopping.'));
      const damage = damageOf(view);
      if (damage !== undefined) return damage;
      try {
        const { silence } = await probe.ask();
        if (silence !== undefined) return storeFailingResponse(silence.failure);
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
      const { pending, promises, directives } = view.promising();
      // While the store cannot be read, the rest is told all the same.
      const { told: stored, silence } = await status.ask();
      return jsonResponse(
        JSON.stringify({
          role: 'central',
          ...view.sharing?.(),
          version: view.version,
          startedAt: isoText(view.startedAt),
          ...stored?.told,
          store: { ...shownPlace(view.store), ...stored?.size, ...silent(silence) },
          ...integrityOf(view),
          ingest: view.ingest(),
          ...(stored === undefined ? {} : { warehouses: stored.warehouses, ...stored.quarantine }),
          promises: { ...stored?.promised, pending, ...promises },
          ...((stored?.promised.unknownTasks ?? 0) === 0 ? {} : { unknownTasksAt: UNKNOWN_TASKS_PATH }),
          directives: { ...directives, ...stored?.directives },
          eventStreams: view.fanOuts.streamCount,
          ...(view.cache === undefined ? {} : { cache: view.cache() }),
        }),
      );
    },
  });

  doors('/metrics', {
    GET: async () => {
      const { metrics } = view;
      const ingest = view.ingest();
      const { pending, promises, directives } = view.promising();
      const { told: counted } = await figures.ask();
      const page = await metrics.page({
        central: {
          ...counted?.central,
          promises_pending: pending,
          event_streams: view.fanOuts.streamCount,
          process_resident_bytes: view.residentBytes(),
          database_damaged: isDamaged(view) ? 1 : 0,
          ...(ingest.state === 'elsewhere' ? {} : { ingest_up: ingest.isUp ? 1 : 0 }),
          ...cacheReadings(view),
          ...shardReadings(view),
        },
        warehouses: counted?.warehouses ?? [],
        ingest: ingest.counters,
        promises,
        directives,
        roles: view.sharing?.().roles ?? [],
        orders: counted?.orders ?? {},
      });
      return new Response(page, { headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' } });
    },
  });
}

function silent(silence: StoreSilence | undefined) {
  if (silence === undefined) return {};
  const { since, failure } = silence;
  return { isUp: false, since: isoText(since), reason: failure.message, hint: failure.hint };
}

/** What the status tells of what is stored. */
async function storedOf({ reader, warehouses, clock }: OperatorView) {
  const [stats, fleet, promised, began, centralEpoch] = await Promise.all([
    reader.stats(),
    warehouses.all(clock.now()),
    reader.promiseStats(),
    reader.epochBegan(),
    reader.centralEpoch(),
  ]);
  const open = await directivesOpen(reader, fleet);
  const { bytes, batches } = stats;
  return {
    told: {
      centralEpoch,
      // Absent where central was never put back to an earlier state.
      ...(began === undefined ? {} : { epochBegan: { at: isoText(began.at), reason: began.reason } }),
      revision: stats.revision,
    },
    size: { ...(bytes === undefined ? {} : { bytes }), batches },
    warehouses: {
      enrolled: fleet.length,
      silent: fleet.filter(({ isSilent }) => isSilent).map(({ warehouse }) => warehouse),
      // Enrolled, but nothing is known of their stock yet.
      unknown: fleet.filter(({ asOf }) => asOf === undefined).map(({ warehouse }) => warehouse),
      fenced: fleet.filter(isFenced).map(({ warehouse }) => warehouse),
      // Nothing of them is promised until central has caught up with what it forgot.
      notCounted: fleet.filter(({ notCounted }) => notCounted !== undefined).map(({ warehouse }) => warehouse),
    },
    quarantine: { quarantined: stats.quarantined, quarantine: QUARANTINE_PATH },
    promised,
    directives: { notCarriedOut: Object.fromEntries(open) },
  };
}

/** What the metrics tell of it. */
async function countedOf({ reader, warehouses, clock }: OperatorView) {
  const [stats, fleet, promised, epoch] = await Promise.all([
    reader.stats(),
    warehouses.all(clock.now()),
    reader.promiseStats(),
    reader.centralEpoch(),
  ]);
  const open = new Map(await directivesOpen(reader, fleet));
  return {
    central: {
      revision: stats.revision,
      ...(stats.bytes === undefined ? {} : { store_bytes: stats.bytes }),
      store_batches: stats.batches,
      warehouses: fleet.length,
      warehouses_silent: fleet.filter(({ isSilent }) => isSilent).length,
      warehouses_fenced: fleet.filter(isFenced).length,
      quarantined: stats.quarantined,
      reservations_held: promised.reservationsHeld,
      oversold: promised.oversold,
      unknown_tasks: promised.unknownTasks,
      warehouses_not_counted: fleet.filter(({ notCounted }) => notCounted !== undefined).length,
      epoch,
    },
    warehouses: fleet.map((state) => ({ ...state, directivesOpen: open.get(state.warehouse) ?? 0 })),
    orders: promised.orders,
  };
}

function cacheReadings({ cache }: OperatorView) {
  if (cache === undefined) return {};
  const { hits, misses, staleMs, isTrusted, redis } = cache();
  return {
    cache_hits: hits,
    cache_misses: misses,
    cache_stale_seconds: staleMs / 1_000,
    cache_trusted: isTrusted ? 1 : 0,
    ...(redis === undefined
      ? {}
      : {
          redis_up: redis.isUp ? 1 : 0,
          redis_hits: redis.hits,
          redis_misses: redis.misses,
          redis_failures: redis.failures,
        }),
  };
}

function shardReadings({ sharing }: OperatorView) {
  const shards = sharing?.().shards;
  return shards === undefined ? {} : { ingest_shards: shards.length };
}

function isDamaged({ integrity }: OperatorView): boolean {
  return (integrity?.()?.findings.length ?? 0) > 0;
}

function damageOf(view: OperatorView): Response | undefined {
  if (!isDamaged(view)) return undefined;
  const { integrity } = integrityOf(view);
  const detail = `The store is damaged: ${integrity?.findings.join('; ')}.`;
  return problemResponse(
    problemOf(problems.unavailable, detail, { reason: 'store-damaged', hint: integrity?.hint, integrity }),
  );
}

/** What is known of the whole of it; nothing before somebody has stumbled or the first check of this run is done. */
function integrityOf({ integrity }: OperatorView) {
  const report = integrity?.();
  if (report === undefined) return {};
  const { checkedAt, durationMs, findings, hint } = report;
  const state = findings.length === 0 ? 'sound' : 'damaged';
  return {
    integrity: { state, checkedAt: isoText(checkedAt), durationMs, findings, ...(hint === undefined ? {} : { hint }) },
  };
}

/** Directives written and, as far as their nodes have said, not carried out; only where there are any. */
async function directivesOpen(
  reader: Pick<PromiseReader, 'downHead'>,
  fleet: readonly SyncState[],
): Promise<readonly (readonly [warehouse: string, directives: number])[]> {
  const heads = await Promise.all(fleet.map(({ warehouse }) => reader.downHead(warehouse)));
  return fleet.flatMap(({ warehouse }, index) => {
    const head = heads[index];
    const open = head === undefined ? 0 : head.sequence - head.carriedOut;
    return open === 0 ? [] : [[warehouse, open] as const];
  });
}
