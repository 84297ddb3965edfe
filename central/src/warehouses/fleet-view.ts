import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { centralLimits } from '../limits.ts';
import type { NodeRecord } from '../rules/node-record.ts';
import type { CentralReader } from '../store/central-store.ts';

/**
 * The nodes as of a moment ago. Every availability answer needs them for its age; reading some hundred rows for each would
 * cost more than the answer. They are written once a second, so a quarter of one older changes nothing that is promised.
 */
export class FleetView {
  readonly #reader: CentralReader;
  #fleet: Promise<ReadonlyMap<WarehouseId, NodeRecord>> | undefined;
  #latest: ReadonlyMap<WarehouseId, NodeRecord> | undefined;
  #readAt = 0;

  constructor(reader: CentralReader) {
    this.#reader = reader;
  }

  at(now: number): Promise<ReadonlyMap<WarehouseId, NodeRecord>> {
    return this.#fleet !== undefined && this.#isFresh(now) ? this.#fleet : this.readAgain(now);
  }

  /** The view if it is here and fresh, without a promise: for answers that come from memory. */
  inMemory(now: number): ReadonlyMap<WarehouseId, NodeRecord> | undefined {
    return this.#isFresh(now) ? this.#latest : undefined;
  }

  /** A new view: somebody has met a warehouse that is not in the present one. */
  readAgain(now: number): Promise<ReadonlyMap<WarehouseId, NodeRecord>> {
    this.#readAt = now;
    this.#latest = undefined;
    this.#fleet = this.#read();
    return this.#fleet;
  }

  #isFresh(now: number): boolean {
    const age = now - this.#readAt;
    // A clock that jumped back must not keep an old view alive.
    return age >= 0 && age <= centralLimits.fleetViewMs;
  }

  async #read(): Promise<ReadonlyMap<WarehouseId, NodeRecord>> {
    try {
      const fleet = new Map((await this.#reader.warehouses()).map((record) => [record.warehouse, record]));
      this.#latest = fleet;
      return fleet;
    } catch (error) {
      // The next one asks again instead of hearing of the same failure.
      this.#fleet = undefined;
      throw error;
    }
  }
}
