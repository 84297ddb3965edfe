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
  #readAt = 0;

  constructor(reader: CentralReader) {
    this.#reader = reader;
  }

  at(now: number): Promise<ReadonlyMap<WarehouseId, NodeRecord>> {
    const age = now - this.#readAt;
    // A clock that jumped back must not keep an old view alive.
    if (this.#fleet === undefined || age < 0 || age > centralLimits.fleetViewMs) {
      this.#readAt = now;
      this.#fleet = this.#read();
    }
    return this.#fleet;
  }

  async #read(): Promise<ReadonlyMap<WarehouseId, NodeRecord>> {
    try {
      return new Map((await this.#reader.warehouses()).map((record) => [record.warehouse, record]));
    } catch (error) {
      // The next one asks again instead of hearing of the same failure.
      this.#fleet = undefined;
      throw error;
    }
  }
}
