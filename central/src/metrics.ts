import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What central's gauges and counters say, read when somebody asks for the page. */
export type CentralReadings = { readonly [Name in keyof typeof readings]: number };

/** One warehouse as the page shows it. */
export type WarehouseReadings = {
  readonly warehouse: string;
  readonly lagMs: number;
  readonly backlog: number;
  readonly skewMs: number;
};

/**
 * Name after `edgestock_central_` and help of every metric that is read rather than observed. Names are append only:
 * dashboards hold them.
 */
const readings = {
  revision: 'Revision of the latest change of an availability answer',
  store_bytes: 'Size of the store',
  store_batches: 'Rows ever written to the log of batches',
  warehouses: 'Enrolled warehouses',
  warehouses_silent: 'Warehouses of which nothing was heard for too long',
  warehouses_fenced: 'Warehouses whose node may not go on until a person decides; must be zero',
  quarantined: 'What could not be applied and is kept for a person; must be zero',
  event_streams: 'Open server-sent event streams',
  process_resident_bytes: 'Resident memory of the process',
  ingest_up: '1 while ingest is connected to the broker, else 0',
} as const;

const perWarehouse = {
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

/** What the page is made of at the moment it is asked for. Ingest counts under names of its own, in its own thread. */
export type MetricsPage = {
  readonly central: CentralReadings;
  readonly warehouses: readonly WarehouseReadings[];
  /** Counters of ingest by name, without `edgestock_central_ingest_` and `_total`. */
  readonly ingest: Readonly<Record<string, number>>;
};

/** Central's metrics in a registry of their own: several centrals may live in one process, as in tests. */
export class CentralMetrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram;
  readonly #readings: ReadonlyMap<keyof CentralReadings, Gauge>;
  readonly #perWarehouse: ReadonlyMap<keyof typeof perWarehouse, Gauge>;
  readonly #ingest = new Map<string, Counter>();

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
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  observeRequest(route: string, status: number, durationMs: number): void {
    this.#requests.observe({ route, status: `${Math.floor(status / 100)}xx` }, durationMs / 1_000);
  }

  /** The page in Prometheus' text format. */
  page({ central, warehouses, ingest }: MetricsPage): Promise<string> {
    for (const [name, metric] of this.#readings) metric.set(central[name]);
    for (const metric of this.#perWarehouse.values()) metric.reset();
    for (const { warehouse, lagMs, backlog, skewMs } of warehouses) {
      this.#perWarehouse.get('lag_seconds')?.set({ warehouse }, lagMs / 1_000);
      this.#perWarehouse.get('backlog')?.set({ warehouse }, backlog);
      this.#perWarehouse.get('skew_seconds')?.set({ warehouse }, skewMs / 1_000);
    }
    for (const [name, total] of Object.entries(ingest)) {
      const counter = this.#ingest.get(name) ?? this.#ingestCounter(name);
      counter.reset();
      counter.inc(total);
    }
    return this.#registry.metrics();
  }

  #ingestCounter(name: string): Counter {
    const counter = new Counter({
      name: `edgestock_central_ingest_${name}_total`,
      help: `Ingest: ${name.replaceAll('_', ' ')}`,
      registers: [this.#registry],
    });
    this.#ingest.set(name, counter);
    return counter;
  }
}
