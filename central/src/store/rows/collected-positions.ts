import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';

/** What one transaction does to one position, whatever number of messages say so. */
export type CollectedPosition = {
  readonly sku: Sku;
  readonly warehouse: WarehouseId;
  /** The newest state of those that came. */
  readonly row: StateRow | undefined;
  /** Place of its last delta that came with the log; 0 when only states ahead of it came. */
  readonly logSequence: number;
  /** Newest version that could not be applied; 0 = none. */
  readonly suspectVersion: number;
};

type Pending = { -readonly [Field in keyof CollectedPosition]: CollectedPosition[Field] };

/** What a transaction brings, each position once: a hot SKU sold in twenty batches costs one write. */
export class CollectedPositions {
  #pending = new Map<Sku, Map<WarehouseId, Pending>>();

  clear(): void {
    this.#pending = new Map();
  }

  put(warehouse: WarehouseId, row: StateRow, logSequence: number): void {
    const pending = this.#pendingOf(warehouse, row.sku);
    if (pending.row === undefined || row.version > pending.row.version) pending.row = row;
    pending.logSequence = Math.max(pending.logSequence, logSequence);
  }

  suspect(warehouse: WarehouseId, sku: Sku, version: number): void {
    const pending = this.#pendingOf(warehouse, sku);
    pending.suspectVersion = Math.max(pending.suspectVersion, version);
  }

  /** All of it, in the order of the key, so that neighbours share the page that is at hand; nothing is left. */
  take(): readonly (readonly CollectedPosition[])[] {
    const collected = this.#pending;
    this.clear();
    return [...collected.keys()].sort().map((sku) => {
      const ofSku = collected.get(sku) ?? new Map<WarehouseId, Pending>();
      return [...ofSku.values()].sort((a, b) => (a.warehouse < b.warehouse ? -1 : 1));
    });
  }

  #pendingOf(warehouse: WarehouseId, sku: Sku): Pending {
    let ofSku = this.#pending.get(sku);
    if (ofSku === undefined) {
      ofSku = new Map();
      this.#pending.set(sku, ofSku);
    }
    let pending = ofSku.get(warehouse);
    if (pending === undefined) {
      pending = { sku, warehouse, row: undefined, logSequence: 0, suspectVersion: 0 };
      ofSku.set(warehouse, pending);
    }
    return pending;
  }
}
