import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { availableOf } from '@edgestock/shared/inventory/position';
import type { Channel } from '../rules/channel.ts';
import type { CentralReader, HistoryEntry, WarehouseShare } from '../store/central-store.ts';
import type { PromiseAt, PromiseReader } from '../store/promise-store.ts';
import type { UnderWay } from '../store/transfer-reader.ts';
import { type SyncState, syncStateOf } from './sync-state.ts';

/** Why the answer for a SKU is what it is (P7): each warehouse's share, how far it is known, and the movements behind it. */
export type Explanation = {
  readonly sku: Sku;
  readonly available: number;
  readonly buffer: number;
  readonly revision: number;
  readonly warehouses: readonly WarehouseExplanation[];
};

export type WarehouseExplanation = WarehouseShare & {
  /** What the node itself may promise: on hand less every set-aside. Negative = that many are promised or sold too many. */
  readonly nodeAvailable: number;
  readonly sync: SyncState;
  /** Who was promised units of it by central, the newest first. */
  readonly promises: readonly PromiseAt[];
  /** What `incoming` is made of, oldest first. */
  readonly underWay: readonly UnderWay[];
  /** Latest movements first, as far as central has the log. */
  readonly movements: readonly HistoryEntry[];
  /** Central has the state, but the log up to it is still on its way. */
  readonly isHistoryBehind: boolean;
};

/** What operators ask about the nodes. */
export class Warehouses {
  readonly #reader: CentralReader & Pick<PromiseReader, 'promisesAt' | 'underWayTo'>;

  constructor(reader: CentralReader & Pick<PromiseReader, 'promisesAt' | 'underWayTo'>) {
    this.#reader = reader;
  }

  async all(now: number): Promise<readonly SyncState[]> {
    return (await this.#reader.warehouses()).map((record) => syncStateOf(record, now));
  }

  /** The state of one, or `undefined` when no such warehouse is enrolled. */
  async one(warehouse: WarehouseId, now: number): Promise<SyncState | undefined> {
    const record = await this.#reader.warehouse(warehouse);
    return record && syncStateOf(record, now);
  }

  /** Both sides of a number, with up to `movementsMax` movements and `promisesMax` promises of each warehouse. A SKU nobody has explains as zero. */
  async explain(
    sku: Sku,
    channel: Channel,
    options: { readonly now: number; readonly movementsMax: number; readonly promisesMax: number },
  ): Promise<Explanation> {
    const stock = await this.#reader.availability(sku, channel);
    const warehouses: WarehouseExplanation[] = [];
    for (const share of stock.warehouses) {
      const record = await this.#reader.warehouse(share.warehouse);
      if (record === undefined) continue;
      const movements = await this.#reader.history(share.warehouse, sku, { limit: options.movementsMax });
      warehouses.push({
        ...share,
        nodeAvailable: availableOf(share),
        sync: syncStateOf(record, options.now),
        promises: await this.#reader.promisesAt(share.warehouse, sku, options.promisesMax),
        underWay: await this.#reader.underWayTo(share.warehouse, sku, options.promisesMax),
        movements,
        isHistoryBehind: (movements[0]?.sequence ?? 0) < share.sequence,
      });
    }
    const { available, buffer, revision } = stock;
    return { sku, available, buffer, revision, warehouses };
  }
}
