import type { Change } from '../replay/receipt-requests.ts';

/**
 * The stock as it has to be, computed from what was asked for and acknowledged, by nothing of the product: the third witness
 * beside the node and central.
 */
export class StockModel {
  readonly #unitsByWarehouse = new Map<string, Map<string, number>>();
  readonly #movements = new Map<string, number>();
  readonly #skus = new Set<string>();

  /** What a node has acknowledged, and how many movements in its log that made. */
  apply(warehouse: string, changes: readonly Change[], movements: number): void {
    const units = this.#unitsByWarehouse.get(warehouse) ?? new Map<string, number>();
    this.#unitsByWarehouse.set(warehouse, units);
    for (const change of changes) {
      units.set(change.sku, (units.get(change.sku) ?? 0) + change.units);
      this.#skus.add(change.sku);
    }
    this.#movements.set(warehouse, this.movementsOf(warehouse) + movements);
  }

  /** Units by SKU; positions that came back to zero are listed too. */
  unitsOf(warehouse: string): ReadonlyMap<string, number> {
    return this.#unitsByWarehouse.get(warehouse) ?? new Map();
  }

  /** Acknowledged movements of a warehouse: how far its log must reach, and central's copy of it. */
  movementsOf(warehouse: string): number {
    return this.#movements.get(warehouse) ?? 0;
  }

  get warehouses(): readonly string[] {
    return [...this.#unitsByWarehouse.keys()];
  }

  get skuCount(): number {
    return this.#skus.size;
  }
}
