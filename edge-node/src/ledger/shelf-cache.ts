import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Position } from '@edgestock/shared/inventory/position';
import type { Shelf } from '../rules/shelf.ts';
import type { ShelfStore } from '../store/shelf-store.ts';

/** What only a commit changes. Expiry dates are looked up each time: an import states them beside the ledger. */
type Kept = Pick<Shelf, 'position' | 'balances'>;

/** SKUs of a generation; two are kept. More than moves in a day of most stores; about 15 MB when both are full. */
const GENERATION_SKUS_MAX = 16_384;

/**
 * The shelves in use, at hand. True because positions and balances have one writer, the ledger: it puts in what a commit has
 * made durable, and a commit that failed leaves what was there before. SKUs without a position are not kept.
 *
 * Two generations instead of an order of use: a hit costs one look-up and no bookkeeping.
 */
export class ShelfCache {
  readonly #store: ShelfStore;
  readonly #generationSkusMax: number;
  #young = new Map<Sku, Kept>();
  #old = new Map<Sku, Kept>();

  constructor(store: ShelfStore, generationSkusMax: number = GENERATION_SKUS_MAX) {
    this.#store = store;
    this.#generationSkusMax = generationSkusMax;
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

  /** The SKU's position; `undefined` when it never had a movement. */
  position(sku: Sku): Position | undefined {
    const kept = this.#find(sku);
    if (kept !== undefined) return kept.position;
    const position = this.#store.position(sku);
    if (position !== undefined) this.#put(sku, { position, balances: this.#store.balances(sku) });
    return position;
  }

  /** The state of a shelf as it stands in the database. */
  keep({ sku, position, balances }: Shelf): void {
    if (position.version > 0) this.#put(sku, { position, balances });
  }

  #find(sku: Sku): Kept | undefined {
    const young = this.#young.get(sku);
    if (young !== undefined) return young;
    const old = this.#old.get(sku);
    if (old !== undefined) this.#put(sku, old);
    return old;
  }

  #put(sku: Sku, kept: Kept): void {
    if (this.#young.size >= this.#generationSkusMax && !this.#young.has(sku)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(sku, kept);
  }
}
