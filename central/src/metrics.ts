import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What central's gauges and counters say, read when somebody asks for the page. */
export type CentralReadings = { readonly [Name in keyof typeof readings]: number };

/** One warehouse as the page shows it. */
export type WarehouseReadings = {
  readonly warehouse: string;
  /** `undefined` while nothing is known of the warehouse: it has no age then, and no sample. */
  readonly lagMs: number | undefined;
  readonly backlog: number;
  readonly skewMs: number;
  readonly directivesOpen: number;
};

/**
 * Name after `edgestock_central_` and help of every metric that is read rather than observed. Names are append only:
 * dashboards hold them.
 */
const readings = {
  revision: 'Revision of the latest change of an availability answer',
  store_bytes: 'Size of the store, where that is a file of its own',
  store_batches: 'Rows ever written to the log of batches',
  warehouses: 'Enrolled warehouses',
  warehouses_silent: 'Warehouses of which nothing was heard for too long',
  warehouses_fenced: 'Warehouses whose node may not go on until a person decides; must be zero',
  quarantined: 'What could not be applied and waits for a person to settle it; must be zero',
  reservations_held: 'Reservations that hold units now',
  promises_pending: 'Promise commands handed to the writer and not answered yet',
  oversold: 'Positions of which central has promised more than it was granted; must be zero',
  unknown_tasks: 'Tasks that nodes have to ship and no order asks for: central was restored from an older backup',
  warehouses_not_counted: 'Warehouses of which nothing is promised until central has caught up after it was restored',
  event_streams: 'Open server-sent event streams',
  process_resident_bytes: 'Resident memory of the process',
  database_damaged: '1 while the store is known to be damaged, by who uses it or by the daily check; must be zero',
  epoch: "Number of central's epoch: another one began when central was put back to an earlier state",
  ingest_up: '1 while ingest is connected to the broker, else 0; absent where another process takes in',
  ingest_shards: 'Shards of the nodes that this process takes in, of 8 that processes share',
  cache_hits: 'Questions for the availability of one SKU since the start that were answered from memory',
  cache_misses: 'Those that were not',
  cache_stale_seconds: 'How long ago all changes of other processes were known here',
  redis_up: '1 while Redis is asked before the store, 0 while it is away or too slow; absent where none is named',
  redis_hits: 'Answers that were not in memory and were found in Redis, proved to be current',
  redis_misses: 'Those that were not, and were read from the store',
  redis_failures: 'Questions to Redis, and writes, that failed or took too long',
  cache_trusted: '1 while answers from memory are given, 0 while every one is read from the store',
} as const;

/** Name after `edgestock_central_ingest_`, and help, of what the ingest thread counts; the same names as its own. */
const ingest = {
  batchesApplied: ['batches_applied_total', 'Batches of the log that took effect'],
  batchesDuplicate: ['batches_duplicate_total', 'Batches that had been applied before'],
  batchesGap: ['batches_gap_total', 'Batches before which something was missing; the node was asked to send it'],
  batchesLate: ['batches_late_total', 'Batches of an earlier life of a node, kept for a person'],
  batchesUnknownEpoch: ['batches_unknown_epoch_total', 'Batches of an epoch central never issued'],
  batchesFenced: ['batches_fenced_total', 'Batches of fenced nodes, kept for a person'],
  messagesRejected: ['messages_rejected_total', 'Messages that were damaged or not from where their subject says'],
  statesApplied: ['states_applied_total', 'State messages that took effect'],
  statesRefused: ['states_refused_total', 'State messages of nodes or epochs that may not write'],
  deltasApplied: ['deltas_applied_total', 'Deltas that took effect'],
  deltasQuarantined: ['deltas_quarantined_total', 'Deltas put aside for a person'],
  digestsCompared: ['digests_compared_total', 'Digests of nodes that were held against the positions here'],
  digestsDiffering: ['digests_differing_total', 'Digests that differed from the positions here; must be zero'],
  positionsRepaired: ['positions_repaired_total', 'Positions made those of their node after that; must be zero'],
  snapshotsTaken: ['snapshots_taken_total', 'Snapshots of nodes that were taken over'],
  snapshotChunks: ['snapshot_chunks_total', 'Chunks of snapshots that were staged'],
  snapshotsDamaged: ['snapshots_damaged_total', 'Snapshots, or chunks, that were not what they said; must be zero'],
  commits: ['commits_total', 'Transactions; several messages share one'],
  commitMs: ['commit_milliseconds_total', 'Time spent in transactions, checks included'],
  queuedMessages: ['queued_messages', 'Messages waiting in memory now'],
  heartbeats: ['heartbeats_total', 'Heartbeats answered'],
  enrolments: ['enrolments_total', 'Enrolments answered'],
  enrolmentsRefused: ['enrolments_refused_total', 'Enrolments refused'],
  storeFailing: ['store_failing', '1 while the store takes no writes for want of room, else 0; must be zero'],
  interruptions: ['interruptions_total', 'Times the way from the broker was interrupted and made anew'],
  subjectsPurged: ['subjects_purged_total', 'Subjects purged because the broker did not deliver them; should be zero'],
  consumersRemade: ['consumers_remade_total', 'Consumers made anew for the same reason; should be zero'],
  streamsRemade: ['streams_remade_total', 'Times the stream was made anew for the same reason; should be zero'],
} as const;

/** Name after `edgestock_central_promise_`, and help, of what the writer's thread counts of promises. */
const promises = {
  commands: ['commands_total', 'Promise commands carried out, refused ones included'],
  commits: ['commits_total', 'Transactions of promise commands; several commands share one'],
  commitMs: ['commit_milliseconds_total', 'Time spent in those transactions'],
  waiting: ['queued', 'Promise commands waiting in the writer now'],
  reserved: ['reserved_total', 'Reservations made'],
  refusedForShortage: ['refused_for_shortage_total', 'Reservations and orders refused for want of units'],
  expired: ['expired_total', 'Reservations that ended by time'],
  lastUnitsAnswered: ['last_units_answered_total', 'Requests of nodes for their last units that were answered'],
  lastUnitsUnanswered: ['last_units_unanswered_total', 'Requests of nodes for their last units left unanswered'],
} as const;

/** Name after `edgestock_central_down_`, and help, of what the writer's thread counts of the logs down. */
const directives = {
  batchesSent: ['batches_sent_total', 'Batches of directives the broker has acknowledged'],
  directivesSent: ['directives_sent_total', 'Directives in them, repetitions included'],
  publishFailures: ['publish_failures_total', 'Batches of directives that could not be delivered'],
  directivesTrimmed: ['trimmed_total', 'Directives dropped from the logs that no node needs any more'],
  rewinds: ['rewinds_total', 'Times directives were sent again'],
  cursorFaults: ['cursor_faults', "Nodes whose cursor is not of central's log, and which get nothing; must be zero"],
} as const;

const perWarehouse = {
  directives_open: 'Directives the node has not carried out, as far as it has said',
  lag_seconds: 'Age of what central knows of the warehouse',
  backlog: 'Deltas the node has committed and central has not applied, as far as it has heard',
  skew_seconds: "How far the node's clock is ahead of central's",
} as const;

const requestSeconds = {
  name: 'edgestock_central_http_request_seconds',
  help: 'Time from a request to its answer, by route and class of status',
  labelNames: ['route', 'status'],
  buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
};

/** What the ingest thread has counted since it started. */
export type IngestReadings = { readonly [Name in keyof typeof ingest]: number };

export type PromiseReadings = { readonly [Name in keyof typeof promises]: number };
export type DirectiveReadings = { readonly [Name in keyof typeof directives]: number };

/** What the page is made of at the moment it is asked for. */
export type MetricsPage = {
  /** What cannot be read now has no sample. */
  readonly central: Partial<CentralReadings>;
  readonly warehouses: readonly WarehouseReadings[];
  /** Absent while the ingest thread has not spoken yet. */
  readonly ingest: IngestReadings | undefined;
  readonly promises: PromiseReadings | undefined;
  readonly directives: DirectiveReadings | undefined;
  /** Those that are not finished, by state. */
  readonly orders: Readonly<Record<string, number>>;
  /** What this process does. */
  readonly roles: readonly string[];
};

/** Central's metrics in a registry of their own: several centrals may live in one process, as in tests. */
export class CentralMetrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram;
  readonly #readings: ReadonlyMap<keyof CentralReadings, Gauge>;
  readonly #perWarehouse: ReadonlyMap<keyof typeof perWarehouse, Gauge>;
  readonly #ingest: ReadonlyMap<keyof IngestReadings, Counter | Gauge>;
  readonly #promises: ReadonlyMap<keyof PromiseReadings, Counter | Gauge>;
  readonly #directives: ReadonlyMap<keyof DirectiveReadings, Counter | Gauge>;
  readonly #orders: Gauge;
  readonly #roles: Gauge;

  constructor() {
    const registers = [this.#registry];
    this.#requests = new Histogram({ ...requestSeconds, registers });
    this.#readings = new Map(
      (Object.keys(readings) as (keyof CentralReadings)[]).map((name) => {
        return [name, new Gauge({ name: `edgestock_central_${name}`, help: readings[name], registers })];
      }),
    );
    this.#perWarehouse = new Map(
      (Object.keys(perWarehouse) as (keyof typeof perWarehouse)[]).map((name) => [
        name,
        new Gauge({
          name: `edgestock_central_warehouse_${name}`,
          help: perWarehouse[name],
          labelNames: ['warehouse'],
          registers,
        }),
      ]),
    );
    this.#ingest = countedBy(this.#registry, 'ingest', ingest);
    this.#promises = countedBy(this.#registry, 'promise', promises);
    this.#directives = countedBy(this.#registry, 'down', directives);
    this.#roles = new Gauge({
      name: 'edgestock_central_role',
      help: 'What this process of central does',
      labelNames: ['role'],
      registers,
    });
    this.#orders = new Gauge({
      name: 'edgestock_central_orders',
      help: 'Orders that are not finished, by state',
      labelNames: ['state'],
      registers,
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  observeRequest(route: string, status: number, durationMs: number): void {
    this.#requests.observe({ route, status: `${Math.floor(status / 100)}xx` }, durationMs / 1_000);
  }

  /** The page in Prometheus' text format. */
  page({ central, warehouses, ingest, promises, directives, orders, roles }: MetricsPage): Promise<string> {
    for (const [name, metric] of this.#readings) {
      const value = central[name];
      if (value === undefined) metric.remove();
      else metric.set(value);
    }
    for (const metric of this.#perWarehouse.values()) metric.reset();
    for (const { warehouse, lagMs, backlog, skewMs, directivesOpen } of warehouses) {
      if (lagMs !== undefined) this.#perWarehouse.get('lag_seconds')?.set({ warehouse }, lagMs / 1_000);
      this.#perWarehouse.get('backlog')?.set({ warehouse }, backlog);
      this.#perWarehouse.get('skew_seconds')?.set({ warehouse }, skewMs / 1_000);
      this.#perWarehouse.get('directives_open')?.set({ warehouse }, directivesOpen);
    }
    tell(this.#ingest, ingest);
    tell(this.#promises, promises);
    tell(this.#directives, directives);
    this.#roles.reset();
    for (const role of roles) this.#roles.set({ role }, 1);
    this.#orders.reset();
    for (const [state, count] of Object.entries(orders)) this.#orders.set({ state }, count);
    return this.#registry.metrics();
  }
}

/** A metric for each counter of the writer's thread, by the name of the counter. */
function countedBy<Table extends Readonly<Record<string, readonly [name: string, help: string]>>>(
  registry: Registry,
  prefix: string,
  table: Table,
): ReadonlyMap<keyof Table, Counter | Gauge> {
  return new Map(
    (Object.keys(table) as (keyof Table & string)[]).map((key) => {
      const [name = '', help = ''] = table[key] ?? [];
      const definition = { name: `edgestock_central_${prefix}_${name}`, help, registers: [registry] };
      return [key, name.endsWith('_total') ? new Counter(definition) : new Gauge(definition)];
    }),
  );
}

function tell<Name extends string>(
  metrics: ReadonlyMap<Name, Counter | Gauge>,
  readings: { readonly [Key in Name]: number } | undefined,
): void {
  for (const [name, metric] of metrics) {
    metric.reset();
    metric.inc(readings?.[name] ?? 0);
  }
}
