import type { Change } from '../replay/receipt-requests.ts';

/** What an acknowledgement says of the log. */
export type Recorded = { readonly movements: number; readonly sequence: number };

/**
 * The stock as it has to be, computed from what was asked for and acknowledged, by nothing of the product: the third witness
 * beside the node and central.
 */
export class StockModel {
  readonly #unitsByWarehouse = new Map<string, Map<string, number>>();
  readonly #movements = new Map<string, number>();
  readonly #sequences = new Map<string, number>();
  readonly #skus = new Set<string>();

  /** What a node has acknowledged: how many movements that made, and the place of the last in its log. */
  apply(warehouse: string, changes: readonly Change[], { movements, sequence }: Recorded): void {
    const units = this.#unitsByWarehouse.get(warehouse) ?? new Map<string, number>();
    this.#unitsByWarehouse.set(warehouse, units);
    for (const change of changes) {
      units.set(change.sku, (units.get(change.sku) ?? 0) + change.units);
      this.#skus.add(change.sku);
    }
    this.#movements.set(warehouse, this.movementsOf(warehouse) + movements);
    this.#sequences.set(warehouse, Math.max(this.sequenceOf(warehouse), sequence));
  }

  /** Units by SKU; positions that came back to zero are listed too. */
  unitsOf(warehouse: string): ReadonlyMap<string, number> {
    return this.#unitsByWarehouse.get(warehouse) ?? new Map();
  }

  /**
   * The last acknowledged place in the log of a warehouse: how far central's copy must reach. More than the movements that
   * were asked for: a node adds grants to its log by itself.
   */
  sequenceOf(warehouse: string): number {
    return this.#sequences.get(warehouse) ?? 0;
  }

  /** Acknowledged movements of a warehouse. */
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
