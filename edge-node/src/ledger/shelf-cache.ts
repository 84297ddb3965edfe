import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Position } from '@edgestock/shared/inventory/position';
import type { Shelf } from '../rules/shelf.ts';
import type { ShelfStore } from '../store/shelf-store.ts';
import { type KeptShelf, PackedShelves } from './packed-shelves.ts';

/** SKUs of a generation; two are kept. More than moves in a day of most stores; about 4 MB when both are full. */
const GENERATION_SKUS_MAX = 16_384;

/**
 * The shelves in use, at hand. True because positions and balances have one writer, the ledger: it puts in what a commit has
 * made durable, and a commit that failed leaves what was there before. SKUs without a position are not kept.
 *
 * Two generations instead of an order of use: a hit costs one look-up and no bookkeeping. Expiry dates are looked up each time: an
 * import states them beside the ledger.
 */
export class ShelfCache {
  readonly #store: ShelfStore;
  #young: PackedShelves;
  #old: PackedShelves;

  constructor(store: ShelfStore, generationSkusMax: number = GENERATION_SKUS_MAX) {
    this.#store = store;
    this.#young = new PackedShelves(generationSkusMax);
    this.#old = new PackedShelves(generationSkusMax);
  }

  /** The SKU's shelf; an empty one when nothing is known of it. */
  load(sku: Sku): Shelf {
    const kept = this.#find(sku);
    if (kept !== undefined) {
      const { position, balances } = kept;
      return { sku, isKnown: true, position, balances, expiries: this.#store.expiries(sku) };
    }
    const shelf = this.#store.load(sku);
    this.keep(shelf);
    return shelf;
  }

  /**
   * The SKU's position; `undefined` when it never had a movement. What is only read takes room that is free, and displaces nothing:
   * whoever reads a whole assortment would turn everything over, to ask for none of it again.
   */
  position(sku: Sku): Position | undefined {
    const kept = this.#young.position(sku) ?? this.#find(sku)?.position;
    if (kept !== undefined) return kept;
    const position = this.#store.position(sku);
    if (position !== undefined && !this.#young.isFull())
      this.#put(sku, { position, balances: this.#store.balances(sku) });
    return position;
  }

  /** The state of a shelf as it stands in the database. */
  keep({ sku, position, balances }: Shelf): void {
    if (position.version > 0) this.#put(sku, { position, balances });
  }

  #find(sku: Sku): KeptShelf | undefined {
    const young = this.#young.get(sku);
    if (young !== undefined) return young;
    const old = this.#old.get(sku);
    if (old !== undefined && !this.#young.isFull()) this.#put(sku, old);
    return old;
  }

  #put(sku: Sku, kept: KeptShelf): void {
    if (this.#young.isFull() && !this.#young.has(sku)) {
      [this.#young, this.#old] = [this.#old, this.#young];
      this.#young.clear();
    }
    this.#young.set(sku, kept);
  }
}
