import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Channel } from '../../../rules/channel.ts';
import type { Shortage } from '../../../rules/reservation.ts';
import { type Offer, type SourcingPlan, source } from '../../../rules/sourcing.ts';
import type { AvailabilityWriter } from '../../tables/availability-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';

/** Plans from where a channel serves demand, on the quota as it is in this transaction. */
export class PromiseSourcing {
  readonly #quota: QuotaTable;
  readonly #availability: AvailabilityWriter;

  constructor({ quota, availability }: Pick<Tables, 'quota' | 'availability'>) {
    this.#quota = quota;
    this.#availability = availability;
  }

  /** `demand` has one line for each SKU. What the channel's buffer keeps is planned for nobody, and counts as short. */
  async plan(channel: Channel, demand: readonly SkuQuantity[], now: number): Promise<SourcingPlan> {
    const offers: Offer[] = [];
    const served: SkuQuantity[] = [];
    const shortages: Shortage[] = [];
    for (const { sku, quantity } of demand) {
      const available = await this.#availability.available(channel, sku);
      if (available < quantity) shortages.push({ sku, requested: quantity, available });
      if (available === 0) continue;
      served.push({ sku, quantity: Math.min(quantity, available) });
      offers.push(...(await this.#quota.offers(channel, sku, now)));
    }
    return { holds: source(served, offers).holds, shortages };
  }
}
