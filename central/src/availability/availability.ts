import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Channel } from '../rules/channel.ts';
import type { CentralReader } from '../store/central-store.ts';
import type { FleetView } from '../warehouses/fleet-view.ts';
import { type AvailabilityAnswer, answerOf } from './answer.ts';

/** The question central exists for: how many can I promise, from where, and how fresh is that? */
export class Availability {
  readonly #reader: CentralReader;
  readonly #fleet: FleetView;

  constructor(reader: CentralReader, fleet: FleetView) {
    this.#reader = reader;
    this.#fleet = fleet;
  }

  async answer(sku: Sku, channel: Channel, now: number): Promise<AvailabilityAnswer> {
    const [stock, fleet] = await Promise.all([this.#reader.availability(sku, channel), this.#fleet.at(now)]);
    return answerOf(stock, fleet, now);
  }

  /** Up to `centralLimits.skusPerQueryMax` SKUs from one committed state, in the order asked. */
  async answers(skus: readonly Sku[], channel: Channel, now: number): Promise<readonly AvailabilityAnswer[]> {
    const [stocks, fleet] = await Promise.all([this.#reader.availabilityOf(skus, channel), this.#fleet.at(now)]);
    return stocks.map((stock) => answerOf(stock, fleet, now));
  }
}
