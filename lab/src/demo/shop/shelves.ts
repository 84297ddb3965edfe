/**
 * The goods as they lie there, whatever the books say: a customer can carry to the till only what is on the shelf, and a
 * picker finds no more. Whoever takes units takes them before anything is sent, so that nobody else finds the same ones.
 */
export class Shelves {
  readonly #units = new Map<string, Map<string, number>>();

  put(warehouse: string, sku: string, units: number): void {
    const shelf = this.#units.get(warehouse) ?? new Map<string, number>();
    this.#units.set(warehouse, shelf.set(sku, this.unitsOf(warehouse, sku) + units));
  }

  /** Takes up to so many; tells how many there were. */
  take(warehouse: string, sku: string, wanted: number): number {
    const taken = Math.min(wanted, this.unitsOf(warehouse, sku));
    if (taken > 0) this.put(warehouse, sku, -taken);
    return taken;
  }

  unitsOf(warehouse: string, sku: string): number {
    return this.#units.get(warehouse)?.get(sku) ?? 0;
  }

  /** Units by SKU. */
  of(warehouse: string): ReadonlyMap<string, number> {
    return this.#units.get(warehouse) ?? new Map();
  }

  get warehouses(): readonly string[] {
    return [...this.#units.keys()];
  }
}
