import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import type { Channel } from '../../../rules/channel.ts';
import type { Shortage } from '../../../rules/reservation.ts';
import { type Offer, type SourcingPlan, source } from '../../../rules/sourcing.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';

/** Plans from where a channel serves demand, on the quota as it is in this transaction. */
export class PromiseSourcing {
  readonly #quota: QuotaTable;

  constructor({ quota }: Pick<Tables, 'quota'>) {
    this.#quota = quota;
  }

  /** `demand` has one line for each SKU. What the channel's buffer keeps is planned for nobody, and counts as short. */
  async plan(channel: Channel, demand: readonly SkuQuantity[], now: number): Promise<SourcingPlan> {
    const skus = demand.map(({ sku }) => sku);
    const offered = await this.#quota.offered(channel, skus, now);
    const offers: Offer[] = [];
    const served: SkuQuantity[] = [];
    const shortages: Shortage[] = [];
    for (const { sku, quantity } of demand) {
      const { available, offers: ofSku } = must(offered.get(sku), 'each SKU was asked for');
      if (available < quantity) shortages.push({ sku, requested: quantity, available });
      if (available === 0) continue;
      served.push({ sku, quantity: Math.min(quantity, available) });
      offers.push(...ofSku);
    }
    return { holds: source(served, offers).holds, shortages };
  }
}
