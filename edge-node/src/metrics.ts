import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the node's gauges and counters say, read when somebody asks for the page. */
export type NodeReadings = {
  readonly [Name in keyof typeof readings]: number;
};

/** Name after `edgestock_`, kind and help of every metric that is read rather than observed. Names are append only: dashboards hold them. */
const readings = {
  log_sequence: { kind: 'gauge', help: 'Last committed sequence of the log' },
  log_sent_sequence: { kind: 'gauge', help: 'Last sequence handed to the broker' },
  log_applied_sequence: { kind: 'gauge', help: 'Last sequence that central has applied, as last heard' },
  log_backlog: { kind: 'gauge', help: 'Committed sequences that central has not applied' },
  link_up: { kind: 'gauge', help: '1 while the broker is reached, else 0' },
  writes_failing: { kind: 'gauge', help: '1 while the database refuses writes, as on a full disk, else 0' },
  database_damaged: { kind: 'gauge', help: '1 while the last daily check of the database found damage; must be zero' },
  restored: {
    kind: 'gauge',
    help: '1 while the books may not be the latest there were, and nothing is promised, else 0',
  },
  exceptions_open: { kind: 'gauge', help: 'Facts the books disagree with, waiting for a person' },
  tasks_open: { kind: 'gauge', help: 'Tasks of orders that are neither shipped nor released' },
  transfers_open: { kind: 'gauge', help: 'Transfers that are neither closed nor cancelled' },
  quota_units: { kind: 'gauge', help: 'Units granted to central that it has not spent, over all SKUs' },
  database_bytes: { kind: 'gauge', help: 'Size of the database file' },
  process_resident_bytes: { kind: 'gauge', help: 'Resident memory of the process, shared by all nodes in it' },
  reservations_open: { kind: 'gauge', help: 'Local reservations that have units set aside' },
  reservations_expired_total: { kind: 'counter', help: 'Local reservations whose time has run out' },
  last_unit_asks_total: { kind: 'counter', help: 'Times that central was asked for units missing here' },
  wall_clock_ahead_seconds: {
    kind: 'gauge',
    help: 'How far a wall clock that jumped is ahead of the time by which reservations end; 0 while it is followed',
  },
  event_streams: { kind: 'gauge', help: 'Open server-sent event streams' },
  event_streams_dropped_total: { kind: 'counter', help: 'Event streams dropped because their reader had stalled' },
  ledger_commits_total: { kind: 'counter', help: 'Transactions of the ledger' },
  ledger_commands_total: { kind: 'counter', help: 'Commands decided; several share a commit' },
  ledger_movements_total: { kind: 'counter', help: 'Movements recorded' },
  ledger_failed_commits_total: { kind: 'counter', help: 'Transactions that the database refused' },
  replication_batches_sent_total: { kind: 'counter', help: 'Batches handed to the broker, resends included' },
  replication_bytes_sent_total: { kind: 'counter', help: 'Bytes of those batches' },
  replication_digests_stated_total: { kind: 'counter', help: 'Digests of all positions stated to central' },
  replication_buckets_repaired_total: {
    kind: 'counter',
    help: 'Parts of the digest in which central differed and was sent all positions; must be zero',
  },
  replication_snapshot_chunks_total: {
    kind: 'counter',
    help: 'Chunks of snapshots handed to central, repetitions included',
  },
  replication_snapshots_total: { kind: 'counter', help: 'Snapshots of this node that central has taken over' },
  replication_rewinds_total: { kind: 'counter', help: 'Times that part of the log was sent again, for whatever cause' },
  replication_publish_failures_total: { kind: 'counter', help: 'Publishes that the broker refused or did not answer' },
  replication_heartbeats_missed_total: { kind: 'counter', help: 'Heartbeats that central did not answer in time' },
  replication_trimmed_deltas_total: { kind: 'counter', help: 'Movements trimmed from the log, behind central' },
  down_sequence: { kind: 'gauge', help: 'Last directive of central that was carried out' },
  replication_directives_carried_out_total: { kind: 'counter', help: 'Directives of central carried out' },
  replication_down_gaps_total: { kind: 'counter', help: 'Messages of central that came before an earlier one' },
  replication_down_refused_total: {
    kind: 'counter',
    help: 'Messages of central that were damaged, or of another history than the one carried out here',
  },
  last_units_asked_total: { kind: 'counter', help: 'Times that central was asked for units for a buyer at this node' },
  last_units_given_total: { kind: 'counter', help: 'Of those, the times that central answered with what it gave back' },
  last_units_timed_out_total: { kind: 'counter', help: 'Of those, the times that the answer did not come in time' },
  replication_rewinds_central_behind_total: {
    kind: 'counter',
    help: 'Of the rewinds, those to a cursor that went back',
  },
  replication_rewinds_need_total: { kind: 'counter', help: 'Of the rewinds, those that central asked for: a gap' },
  replication_rewinds_stall_total: { kind: 'counter', help: 'Of the rewinds, those because nothing moved' },
  replication_rewinds_publish_failed_total: {
    kind: 'counter',
    help: 'Of the rewinds, those because the broker refused a batch, or did not answer',
  },
  ledger_commit_seconds_total: { kind: 'counter', help: 'Time spent in commits, fsync included' },
} as const satisfies Record<string, { kind: 'gauge' | 'counter'; help: string }>;

const requestSeconds = {
  name: 'edgestock_http_request_seconds',
  help: 'Time from a request to its answer, by route and class of status',
  labelNames: ['route', 'status'],
  // From a look-up in memory to a commit on a disk that struggles.
  buckets: [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
};

/** One node's metrics in a registry of their own: hundreds of nodes live in one process. */
export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram;
  readonly #requestsOf = new Map<string, Histogram.Internal<string>>();
  readonly #values: ReadonlyMap<keyof NodeReadings, Gauge | Counter>;
  readonly #read: () => NodeReadings;

  constructor(options: { readonly warehouse: string; readonly read: () => NodeReadings }) {
    this.#read = options.read;
    this.#registry.setDefaultLabels({ warehouse: options.warehouse });
    this.#requests = new Histogram({ ...requestSeconds, registers: [this.#registry] });
    this.#values = new Map(
      (Object.keys(readings) as (keyof NodeReadings)[]).map((name) => {
        const { kind, help } = readings[name];
        const definition = { name: `edgestock_${name}`, help, registers: [this.#registry] };
        return [name, kind === 'gauge' ? new Gauge(definition) : new Counter(definition)];
      }),
    );
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** On every request: the bucket of a route and class of status is looked up once, since hashing labels was 2.5 % of a read. */
  observeRequest(route: string, status: number, seconds: number): void {
    const statusClass = statusClasses[Math.floor(status / 100)] ?? 'other';
    const key = `${route} ${statusClass}`;
    let bucket = this.#requestsOf.get(key);
    if (bucket === undefined) {
      bucket = this.#requests.labels({ route, status: statusClass });
      this.#requestsOf.set(key, bucket);
    }
    bucket.observe(seconds);
  }

  /** The page in Prometheus' text format, read now. */
  page(): Promise<string> {
    const now = this.#read();
    for (const [name, metric] of this.#values) {
      metric.reset();
      metric.inc(now[name]);
    }
    return this.#registry.metrics();
  }
}

const statusClasses = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'];
