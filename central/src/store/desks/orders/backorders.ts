import type { Sku } from '@edgestock/shared/inventory/ids';
import { centralLimits } from '../../../limits.ts';
import type { Channel } from '../../../rules/channel.ts';
import type { OrderFinder } from '../../tables/order-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { OrderSagas } from './order-sagas.ts';

/**
 * Serves paid orders that wait, the oldest first, in the transaction that brings units: nobody who comes later can take them
 * in between. What such a transaction does not get to (a channel that has other warehouses now, more orders than it may look
 * at) is found by the sweeper.
 */
export class Backorders {
  readonly #finder: OrderFinder;
  readonly #sagas: OrderSagas;
  /** Where the sweeper's round over all waiting SKUs has got to. */
  #sweptUpTo: Sku | undefined;

  constructor(tables: Tables, sagas: OrderSagas) {
    this.#finder = tables.orderFinder;
    this.#sagas = sagas;
  }

  async serve(skus: readonly Sku[], now: number): Promise<void> {
    if (skus.length === 0) return;
    for (const sku of await this.#finder.waitedFor(skus)) await this.#serve(sku, now);
  }

  /** Looks at the next SKUs that somebody waits for, at most so many; every SKU has its turn. */
  async sweep(limit: number, now: number): Promise<void> {
    const skus = await this.#finder.waitingSkus(this.#sweptUpTo, limit);
    this.#sweptUpTo = skus.length < limit ? undefined : skus.at(-1);
    for (const sku of skus) await this.#serve(sku, now);
  }

  async #serve(sku: Sku, now: number): Promise<void> {
    const exhausted = new Set<Channel>();
    for (const { id, channel } of await this.#finder.waiting(sku, centralLimits.backordersServedMax)) {
      if (exhausted.has(channel)) continue;
      const { order } = await this.#sagas.decide(id, { event: 'offer' }, now);
      const line = order.lines.find((one) => one.sku === sku);
      // It would have taken all there was.
      if (line !== undefined && line.backordered > 0) exhausted.add(channel);
    }
  }
}
