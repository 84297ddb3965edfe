import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type Availability, CentralApi } from '../../api/central-api.ts';
import { EdgeApi, type RecordReply } from '../../api/edge-api.ts';
import { eventStream } from '../../api/event-stream.ts';
import { percentile, RecentSamples } from '../../measure/distribution.ts';
import { anyPorts, type System, startSystem, warehouseIdsOf } from '../../system/start-system.ts';
import { VisibilityProbe } from '../visibility-probe.ts';
import { assortment } from './assortment.ts';
import { Display } from './display.ts';
import { legendOf, liveLine } from './live-line.ts';
import { SalesRate } from './sales-rate.ts';
import { runTraffic } from './traffic.ts';
import { runWeather } from './weather.ts';

export type LiveOptions = {
  readonly dataDirectory: string;
  readonly warehouses: readonly string[];
  readonly salesPerSecond: number;
  readonly signal: AbortSignal;
  readonly output: NodeJS.WriteStream;
};

const PATIENCE_MS = 30_000;
const PROBE_PAUSE_MS = 50;
const SAMPLES_KEPT = 200;

/** Everything on this machine with traffic on it, until `signal`. */
export async function demoLive(options: LiveOptions): Promise<void> {
  const { dataDirectory, output } = options;
  const warehouses = warehouseIdsOf(options.warehouses);
  const articles = assortment();
  output.write(
    `Starting a broker, central and ${warehouses.length} nodes with ${articles.length} articles in ${dataDirectory}\n`,
  );
  await mkdir(dataDirectory, { recursive: true });
  const system = await startSystem({
    dataDirectory,
    warehouses,
    ports: anyPorts,
    logLevel: 'error',
    cuttable: new Set(warehouses),
    beforeNodes: () => seedNodes(dataDirectory, warehouses),
  });
  try {
    const watched = articles[0]?.sku ?? '';
    output.write(`${addresses(system, watched)}\n`);
    await new Show(system, watched, options).run();
  } finally {
    await system.stop();
  }
}

async function seedNodes(dataDirectory: string, warehouses: readonly string[]): Promise<void> {
  const articles = assortment();
  // Loaded late: neither the first line nor the start of central should wait for the code of a node.
  const { seed } = await import('./seed.ts');
  for (const warehouse of warehouses) {
    const nodeDirectory = join(dataDirectory, 'nodes', warehouse);
    await seed({ articles, nodeDirectory, filesDirectory: dataDirectory, warehouse });
  }
}

/** The figures of the live line, and what feeds them. */
class Show {
  readonly #system: System;
  readonly #watched: string;
  readonly #options: LiveOptions;
  readonly #central: CentralApi;
  readonly #display: Display;
  readonly #lagsMs = new RecentSamples(SAMPLES_KEPT);
  readonly #probe: VisibilityProbe;
  readonly #rate = new SalesRate(systemClock);
  #available: number | undefined;

  constructor(system: System, watched: string, options: LiveOptions) {
    this.#system = system;
    this.#watched = watched;
    this.#options = options;
    this.#central = new CentralApi(system.centralUrl);
    this.#display = new Display({ output: options.output, clock: systemClock, current: () => this.#line() });
    this.#probe = new VisibilityProbe(this.#central, {
      isConnected: (warehouse) => !this.#isCut(warehouse),
      pauseMs: PROBE_PAUSE_MS,
      onSample: (elapsedMs) => this.#lagsMs.add(elapsedMs),
    });
  }

  async run(): Promise<void> {
    // Whatever ends first ends the others: a failure must not leave half a show running.
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, ending.signal]);
    const nodes = new Map(
      this.#system.nodes.map(({ warehouse, url }) => [
        warehouse as string,
        new EdgeApi(url, { patienceMs: PATIENCE_MS }),
      ]),
    );
    const acts = [
      runTraffic({
        nodes,
        articles: assortment(),
        salesPerSecond: this.#options.salesPerSecond,
        clock: systemClock,
        random: systemRandom,
        signal,
        onSale: (warehouse, reply) => this.#sold(warehouse, reply),
      }),
      runWeather({
        links: this.#system.links,
        clock: systemClock,
        random: systemRandom,
        signal,
        tell: (event) => this.#display.tell(event),
      }),
      this.#watch(signal),
    ];
    try {
      await Promise.all(acts.map((act) => act.finally(() => ending.abort())));
    } finally {
      this.#display.end();
      await this.#probe.stop();
    }
  }

  #sold(warehouse: string, reply: RecordReply): void {
    if (reply.reply === 'refused') {
      this.#display.tell(`${warehouse} refused: ${reply.detail}`);
      return;
    }
    this.#rate.add();
    this.#probe.offer({ warehouse, ...reply });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const url = `${this.#system.centralUrl}/v1/availability/stream?sku=${encodeURIComponent(this.#watched)}`;
    for await (const answer of eventStream(url, signal)) this.#available = (answer as Availability).available;
  }

  #isCut(warehouse: string): boolean {
    return this.#system.links.get(warehouse)?.link.state !== 'pass';
  }

  #line(): string {
    const lagsMs = this.#lagsMs.values;
    return liveLine({
      sku: this.#watched,
      available: this.#available,
      cutWarehouses: [...this.#system.links.keys()].filter((warehouse) => this.#isCut(warehouse)),
      linkCount: this.#system.links.size,
      salesPerSecond: this.#rate.perSecond,
      lagMs: { p50: percentile(lagsMs, 0.5), p99: percentile(lagsMs, 0.99) },
    });
  }
}

function addresses({ natsUrl, centralUrl, nodes }: System, watched: string): string {
  return [
    `  central   ${centralUrl}/v1/availability/${watched}`,
    `            ${centralUrl}/v1/warehouses`,
    ...nodes.map(({ warehouse, url }) => `  ${warehouse.padEnd(8)}  ${url}/v1/stock/${watched}`),
    `  NATS      ${natsUrl}`,
    legendOf(watched),
    'Ctrl-C stops everything.',
  ].join('\n');
}
