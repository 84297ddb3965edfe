import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';

/** What one transaction does to one position, whatever number of messages say so. */
export type CollectedPosition = {
  /** The newest state of those that came. */
  row?: StateRow;
  /** Place of its last delta that came with the log; 0 when only states ahead of it came. */
  logSequence: number;
  /** Newest version that could not be applied; 0 = none. */
  suspectVersion: number;
};

export type CollectedOfSku = { readonly sku: Sku; readonly places: ReadonlyMap<WarehouseId, CollectedPosition> };

/** What a transaction brings, each position once: a hot SKU sold in twenty batches costs one write. */
export class CollectedPositions {
  #collected = new Map<Sku, Map<WarehouseId, CollectedPosition>>();

  clear(): void {
    this.#collected = new Map();
  }

  put(warehouse: WarehouseId, row: StateRow, logSequence: number): void {
    const position = this.#positionOf(warehouse, row.sku);
    if (position.row === undefined || row.version > position.row.version) position.row = row;
    position.logSequence = Math.max(position.logSequence, logSequence);
  }

  suspect(warehouse: WarehouseId, sku: Sku, version: number): void {
    const position = this.#positionOf(warehouse, sku);
    position.suspectVersion = Math.max(position.suspectVersion, version);
  }

  /** All of it, in the order of SKUs, so that neighbours share the page that is at hand; nothing is left. */
  take(): readonly CollectedOfSku[] {
    const collected = this.#collected;
    this.clear();
    return [...collected.keys()].sort().map((sku) => ({ sku, places: collected.get(sku) ?? new Map() }));
  }

  #positionOf(warehouse: WarehouseId, sku: Sku): CollectedPosition {
    let ofSku = this.#collected.get(sku);
    if (ofSku === undefined) {
      ofSku = new Map();
      this.#collected.set(sku, ofSku);
    }
    let position = ofSku.get(warehouse);
    if (position === undefined) {
      position = { logSequence: 0, suspectVersion: 0 };
      ofSku.set(warehouse, position);
    }
    return position;
  }
}
