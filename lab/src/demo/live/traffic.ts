import { parseSku, type Sku } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import type { EdgeApi, RecordReply } from '../../api/edge-api.ts';
import type { NodeRequest } from '../../replay/receipt-requests.ts';
import type { Shelves } from '../shop/shelves.ts';
import { type Article, scarceSkus } from './assortment.ts';

export type TrafficOptions = {
  readonly nodes: ReadonlyMap<string, Pick<EdgeApi, 'record'>>;
  readonly articles: readonly Article[];
  readonly salesPerSecond: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** What lies there: nobody rings up what they could not carry to the till. */
  readonly shelves: Shelves;
  readonly onSale: (warehouse: string, reply: RecordReply, soldUnits: number) => void;
};

/** Answers that may be outstanding; beyond it customers queue, as they do. */
const OPEN_MAX = 128;
const RETURN_SHARE = 0.02;
const LINES_MAX = 4;
/** A delivery every so many sales of a warehouse, so that the shelves neither empty nor fill for ever. */
const SALES_PER_DELIVERY = 150;

/** Customers at the tills of all nodes, at random moments, until `signal`. Resolves when the last answer is in. */
export async function runTraffic(options: TrafficOptions): Promise<void> {
  const { nodes, clock, random, signal, salesPerSecond, onSale } = options;
  const customers = new Customers(options);
  const warehouses = [...nodes.keys()];
  const open = new Set<Promise<void>>();
  const failures: unknown[] = [];
  while (!signal.aborted && failures.length === 0) {
    // Arrivals of people who know nothing of one another: exponential pauses.
    await clock.sleep((-Math.log(1 - random.fraction()) * 1_000) / salesPerSecond, signal);
    if (open.size >= OPEN_MAX) await Promise.race(open);
    const warehouse = warehouses[Math.floor(random.fraction() * warehouses.length)] ?? '';
    const node = must(nodes.get(warehouse), 'every warehouse has its node');
    const requests = customers.next(warehouse);
    const visit = (async () => {
      for (const request of requests) {
        const reply = await node.record(request);
        onSale(warehouse, reply, soldUnits(request));
        // Goods that came in lie on the shelf once they are in the books.
        for (const { sku, units } of request.changes) if (units > 0) options.shelves.put(warehouse, sku, units);
      }
    })().catch((error: unknown) => void failures.push(error));
    const tracked = visit.finally(() => open.delete(tracked));
    open.add(tracked);
  }
  await Promise.all(open);
  if (failures.length > 0) throw failures[0];
}

function soldUnits({ changes }: NodeRequest): number {
  return changes.reduce((sum, { units }) => sum + Math.max(0, -units), 0);
}

/** Decides what people buy. A few articles sell most, as everywhere. */
class Customers {
  readonly #articles: readonly Article[];
  readonly #random: Random;
  readonly #shelves: Shelves;
  readonly #scarce: ReadonlySet<string>;
  readonly #run: string;
  #number = 0;
  readonly #sold = new Map<string, number>();

  constructor({ articles, random, shelves }: Pick<TrafficOptions, 'articles' | 'random' | 'shelves'>) {
    this.#articles = articles;
    this.#random = random;
    this.#shelves = shelves;
    this.#scarce = new Set(scarceSkus(articles));
    this.#run = random.hex(4);
  }

  next(warehouse: string): readonly NodeRequest[] {
    this.#number += 1;
    const sold = (this.#sold.get(warehouse) ?? 0) + 1;
    this.#sold.set(warehouse, sold);
    const isReturn = this.#random.fraction() < RETURN_SHARE;
    const count = 1 + Math.floor(this.#random.fraction() * LINES_MAX);
    const wanted = Array.from({ length: isReturn ? 1 : count }, () => ({
      sku: this.#article(),
      quantity: 1 + Math.floor(this.#random.fraction() ** 4 * 4),
    }));
    const lines = isReturn ? wanted : this.#foundOf(wanted, warehouse);
    const deliveries = sold % SALES_PER_DELIVERY === 0 ? [this.#delivery(warehouse)] : [];
    // Nothing of it was there.
    if (lines.length === 0) return deliveries;
    const sign = isReturn ? 1 : -1;
    const visit: NodeRequest = {
      warehouse,
      path: isReturn ? '/v1/returns' : '/v1/sales',
      body: { till: `${warehouse}-1`, receipt: `${this.#run}-${this.#number}`, lines },
      changes: lines.map(({ sku, quantity }) => ({ sku, units: sign * quantity })),
    };
    return [visit, ...deliveries];
  }

  #foundOf(
    wanted: readonly { readonly sku: Sku; readonly quantity: number }[],
    warehouse: string,
  ): readonly { readonly sku: Sku; readonly quantity: number }[] {
    const found = wanted.map(({ sku, quantity }) => ({ sku, quantity: this.#shelves.take(warehouse, sku, quantity) }));
    return found.filter(({ quantity }) => quantity > 0);
  }

  /** Replaces about what was sold since the last one. */
  #delivery(warehouse: string): NodeRequest {
    const skus = Array.from({ length: 60 }, () => this.#article());
    // Of what everybody wants the supplier has little, too.
    const lines = skus.map((sku) => ({ sku, quantity: this.#scarce.has(sku) ? 3 : 6 }));
    const document = `delivery ${this.#run}-${this.#number}`;
    return {
      warehouse,
      path: '/v1/movements',
      key: document,
      body: { kind: 'receive', document, lines },
      changes: lines.map(({ sku, quantity }) => ({ sku, units: quantity })),
    };
  }

  #article(): Sku {
    const index = Math.floor(this.#random.fraction() ** 3 * this.#articles.length);
    return must(parseSku(this.#articles[index]?.sku ?? ''), 'an article has a SKU');
  }
}
