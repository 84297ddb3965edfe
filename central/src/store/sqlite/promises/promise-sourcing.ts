import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';
import type { Channel } from '../../../rules/channel.ts';
import type { Shortage } from '../../../rules/reservation.ts';
import { type Offer, type SourcingPlan, source } from '../../../rules/sourcing.ts';
import type { QuotaTable } from './quota-table.ts';

/** Plans from where a channel serves demand, on the quota as it is in this transaction. */
export class PromiseSourcing {
  readonly #quota: QuotaTable;
  readonly #available: Statement<[string, string], { available: number }>;

  constructor(database: Database, quota: QuotaTable) {
    this.#quota = quota;
    this.#available = database.prepare(
      'SELECT max(0, unspent - buffer) AS available FROM availability WHERE sku = ? AND channel = ?',
    );
  }

  /** `demand` has one line for each SKU. What the channel's buffer keeps is planned for nobody, and counts as short. */
  plan(channel: Channel, demand: readonly SkuQuantity[], now: number): SourcingPlan {
    const offers: Offer[] = [];
    const served: SkuQuantity[] = [];
    const shortages: Shortage[] = [];
    for (const { sku, quantity } of demand) {
      const available = this.#available.get(sku, channel)?.available ?? 0;
      if (available < quantity) shortages.push({ sku, requested: quantity, available });
      if (available === 0) continue;
      served.push({ sku, quantity: Math.min(quantity, available) });
      offers.push(...this.#quota.offers(channel, sku, now));
    }
    return { holds: source(served, offers).holds, shortages };
  }
}
