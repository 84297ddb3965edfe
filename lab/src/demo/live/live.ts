import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type Availability, CentralApi } from '../../api/central-api.ts';
import { EdgeApi, type RecordReply } from '../../api/edge-api.ts';
import { eventStream } from '../../api/event-stream.ts';
import { ShopApi } from '../../api/shop-api.ts';
import { SiteApi } from '../../api/site-api.ts';
import { percentile, RecentSamples } from '../../measure/distribution.ts';
import { anyPorts, type System, startSystem, warehouseIdsOf } from '../../system/start-system.ts';
import { oversoldNow } from '../shop/oversold.ts';
import { runPickers } from '../shop/pickers.ts';
import { PromiseAccount } from '../shop/promise-account.ts';
import { Shelves } from '../shop/shelves.ts';
import { VisibilityProbe } from '../visibility-probe.ts';
import { assortment, scarceSkus } from './assortment.ts';
import { Display } from './display.ts';
import { legendOf, liveLine } from './live-line.ts';
import { SalesRate } from './sales-rate.ts';
import { runStorefront } from './storefront.ts';
import { runTraffic } from './traffic.ts';
import { runWeather } from './weather.ts';

export type LiveOptions = {
  readonly dataDirectory: string;
  /** Central's: `sqlite`, or the URL of a PostgreSQL database. */
  readonly store: string;
  readonly warehouses: readonly string[];
  readonly salesPerSecond: number;
  readonly signal: AbortSignal;
  readonly output: NodeJS.WriteStream;
};

const PATIENCE_MS = 30_000;
const PROBE_PAUSE_MS = 50;
const SAMPLES_KEPT = 200;
/** Visits of the web shop for each sale at a till. */
const VISITS_PER_SALE = 0.2;
const LOST_SHARE = 0.02;
/** How often promises are counted against what was set aside. */
const COUNT_PERIOD_MS = 1_000;
/** How often the figures that the line has no room for are told. */
const REPORT_PERIOD_MS = 15_000;

/** Everything on this machine with traffic on it, until `signal`. */
export async function demoLive(options: LiveOptions): Promise<void> {
  const { dataDirectory, store, output } = options;
  const warehouses = warehouseIdsOf(options.warehouses);
  const articles = assortment();
  output.write(
    `Starting a broker, central and ${warehouses.length} nodes with ${articles.length} articles in ${dataDirectory}\n`,
  );
  const system = await startSystem({
    dataDirectory,
    store,
    warehouses,
    ports: anyPorts,
    logLevel: 'error',
    cuttable: new Set(warehouses),
    beforeNodes: () => seedNodes(dataDirectory, warehouses),
  });
  try {
    const watched = articles[0]?.sku ?? '';
    output.write(`${addresses(system, watched)}\n`);
    await new Show(system, { watched, shelves: await shelvesOf(system) }, options).run();
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

/** The goods as the books of the nodes have them: a directory that was used before has a past. */
async function shelvesOf({ nodes }: System): Promise<Shelves> {
  const shelves = new Shelves();
  for (const { warehouse, url } of nodes) {
    const positions = await new EdgeApi(url, { patienceMs: PATIENCE_MS }).positions();
    for (const [sku, { onHand }] of positions) shelves.put(warehouse, sku, Math.max(0, onHand));
  }
  return shelves;
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
  readonly #account = new PromiseAccount();
  readonly #shelves: Shelves;
  readonly #shop: ShopApi;
  readonly #sites: ReadonlyMap<string, SiteApi>;
  #available: number | undefined;
  #soldUnits = 0;
  /** The worst that was ever seen. */
  #oversold = 0;

  constructor(system: System, { watched, shelves }: { watched: string; shelves: Shelves }, options: LiveOptions) {
    this.#system = system;
    this.#watched = watched;
    this.#options = options;
    this.#shelves = shelves;
    this.#central = new CentralApi(system.centralUrl);
    this.#shop = new ShopApi(system.centralUrl, { patienceMs: PATIENCE_MS });
    this.#sites = new Map(
      system.nodes.map(({ warehouse, url }) => [warehouse, new SiteApi(url, { patienceMs: PATIENCE_MS })]),
    );
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
        shelves: this.#shelves,
        onSale: (warehouse, reply, soldUnits) => this.#sold(warehouse, reply, soldUnits),
      }),
      runStorefront({
        shop: this.#shop,
        account: this.#account,
        skus: scarceSkus(assortment()),
        visitsPerSecond: this.#options.salesPerSecond * VISITS_PER_SALE,
        clock: systemClock,
        random: systemRandom,
        signal,
      }),
      runPickers({
        sites: this.#sites,
        shelves: this.#shelves,
        clock: systemClock,
        random: systemRandom,
        signal,
        lostShare: LOST_SHARE,
        onShipped: (warehouse, shipped) => {
          for (const { sku, quantity } of shipped.lines.lost)
            this.#display.tell(
              `${warehouse} found ${quantity} ${sku} too few for ${shipped.task}; central looks elsewhere`,
            );
        },
      }),
      this.#count(signal),
      this.#report(signal),
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

  #sold(warehouse: string, reply: RecordReply, soldUnits: number): void {
    if (reply.reply === 'refused') {
      this.#display.tell(`${warehouse} refused: ${reply.detail}`);
      return;
    }
    this.#rate.add();
    this.#soldUnits += soldUnits;
    this.#probe.offer({ warehouse, ...reply });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const url = `${this.#system.centralUrl}/v1/availability/stream?sku=${encodeURIComponent(this.#watched)}`;
    for await (const answer of eventStream(url, signal)) this.#available = (answer as Availability).available;
  }

  async #count(signal: AbortSignal): Promise<void> {
    const witnesses = { account: this.#account, sites: [...this.#sites.values()], shop: this.#shop };
    while (!signal.aborted) {
      this.#oversold = Math.max(this.#oversold, await oversoldNow(this.#account.skus, witnesses));
      await systemClock.sleep(COUNT_PERIOD_MS, signal);
    }
  }

  async #report(signal: AbortSignal): Promise<void> {
    for (;;) {
      await systemClock.sleep(REPORT_PERIOD_MS, signal);
      if (signal.aborted) return;
      const [p50, p99] = [0.5, 0.99].map((p) => Math.round(percentile(this.#lagsMs.values, p) ?? 0));
      this.#display.tell(`${this.#rate.perSecond} sales/s; central has one after ${p50} ms, 99 of 100 after ${p99} ms`);
    }
  }

  #isCut(warehouse: string): boolean {
    return this.#system.links.get(warehouse)?.link.state !== 'pass';
  }

  #line(): string {
    return liveLine({
      sku: this.#watched,
      available: this.#available,
      cutWarehouses: [...this.#system.links.keys()].filter((warehouse) => this.#isCut(warehouse)),
      linkCount: this.#system.links.size,
      promises: {
        promised: this.#account.promisedUnits,
        sold: this.#soldUnits,
        refused: this.#account.refusals,
        oversold: this.#oversold,
      },
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
