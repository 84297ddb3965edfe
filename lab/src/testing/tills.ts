import type { Sku } from '@edgestock/shared/inventory/ids';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { StockModel } from '../model/stock-model.ts';
import type { NodeRequest } from '../replay/receipt-requests.ts';

const TILLS_PER_NODE = 4;
const SKUS = 40;
/** Longer than a node or central takes to be started again, even on a busy machine. */
const PATIENCE_MS = 40_000;

/**
 * Tills that go on selling whatever happens to the node they speak to, and keep account of what was acknowledged. Each sale
 * is repeated until it is: a till does not throw a receipt away because its node was restarting.
 */
export class Tills {
  readonly model = new StockModel();
  /** Documents that a node has acknowledged, by warehouse. */
  readonly acknowledged = new Map<string, Set<string>>();
  refused = 0;
  readonly #nodes: ReadonlyMap<string, EdgeApi>;
  #isOpen = true;
  readonly #running: Promise<void>[];
  #number = 0;

  constructor(urls: ReadonlyMap<string, string>, pauseMs: number) {
    this.#nodes = new Map(
      [...urls].map(([warehouse, url]) => [warehouse, new EdgeApi(url, { patienceMs: PATIENCE_MS })]),
    );
    this.#running = [...this.#nodes].flatMap(([warehouse, node]) =>
      Array.from({ length: TILLS_PER_NODE }, (_, index) => this.#sell(warehouse, node, `till-${index + 1}`, pauseMs)),
    );
  }

  get acknowledgedCount(): number {
    return [...this.acknowledged.values()].reduce((sum, documents) => sum + documents.size, 0);
  }

  /** Resolves when every sale that was begun has been acknowledged. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(this.#running);
  }

  async #sell(warehouse: string, node: EdgeApi, till: string, pauseMs: number): Promise<void> {
    while (this.#isOpen) {
      const request = this.#next(warehouse, till);
      const reply = await node.record(request.sent);
      if (reply.reply === 'refused') this.refused += 1;
      else {
        this.model.apply(warehouse, request.sent.changes, reply);
        const documents = this.acknowledged.get(warehouse) ?? new Set();
        this.acknowledged.set(warehouse, documents.add(request.document));
      }
      await systemClock.sleep(pauseMs);
    }
  }

  #next(warehouse: string, till: string): { readonly sent: NodeRequest; readonly document: string } {
    this.#number += 1;
    const number = this.#number;
    const receipt = `r${number}`;
    const lines = Array.from({ length: 1 + (number % 3) }, (_, index) => ({
      sku: `sku-${(number * 7 + index * 3) % SKUS}` as Sku,
      quantity: 1 + ((number + index) % 2),
    }));
    const isReturn = number % 10 === 0;
    const changes = lines.map(({ sku, quantity }) => ({ sku, units: isReturn ? quantity : -quantity }));
    const path = isReturn ? ('/v1/returns' as const) : ('/v1/sales' as const);
    return { sent: { warehouse, path, body: { till, receipt, lines }, changes }, document: `${till}/${receipt}` };
  }
}

/** How many movements of goods the node's log has of each document; what it granted by itself has none. */
export async function documentsInLog(url: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: { movements: readonly { document?: string; kind: string }[]; next?: number } = (
      await requestJson(`${url}/v1/movements?limit=1000&after=${after}`)
    ).body as { movements: readonly { document?: string; kind: string }[]; next?: number };
    for (const { document = '', kind } of page.movements) {
      if (kind !== 'grant' && kind !== 'reclaim') counts.set(document, (counts.get(document) ?? 0) + 1);
    }
    after = page.next;
  }
  return counts;
}
