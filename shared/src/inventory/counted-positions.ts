import type { Sku, WarehouseId } from './ids.ts';
import { type DigestedPosition, PositionDigest } from './position-digest.ts';

/** A position with its place in the node's log. */
export type PlacedPosition = DigestedPosition & { readonly sequence: number };

/**
 * The digest of a warehouse's positions, counted up page by page in the order of their SKUs while they go on changing: what
 * lies behind the last page is left to the page that will read it. From the last page on it is whole, and every change keeps it so.
 */
export class CountedPositions {
  readonly #digest: PositionDigest;
  /** The last SKU counted. */
  #countedTo: Sku | '' = '';
  #isWhole = false;
  #upTo = 0;

  constructor(warehouse: WarehouseId) {
    this.#digest = new PositionDigest(warehouse);
  }

  /** Absent while it is still counted. */
  get whole(): PositionDigest | undefined {
    return this.#isWhole ? this.#digest : undefined;
  }

  /** Latest place in the node's log that any position in it is from. */
  get upTo(): number {
    return this.#upTo;
  }

  /** Where the next page begins. */
  get after(): Sku | '' {
    return this.#countedTo;
  }

  /** The positions that follow the last page; `isLast` when there are no others. */
  page(rows: readonly { readonly sku: Sku; readonly position: PlacedPosition }[], isLast: boolean): void {
    for (const { sku, position } of rows) this.#add(sku, position);
    this.#countedTo = rows.at(-1)?.sku ?? this.#countedTo;
    this.#isWhole = isLast;
  }

  /** A position has changed; `undefined` where there was none, or is none any more. */
  changed(sku: Sku, before: PlacedPosition | undefined, after: PlacedPosition | undefined): void {
    if (!this.#isWhole && !this.#isBehind(sku)) return;
    if (before !== undefined && before.version > 0) this.#digest.remove(sku, before);
    if (after !== undefined) this.#add(sku, after);
  }

  #add(sku: Sku, position: PlacedPosition): void {
    this.#upTo = Math.max(this.#upTo, position.sequence);
    this.#digest.add(sku, position);
  }

  /** Whether its page has been counted: in the order in which databases sort text, which is that of its bytes. */
  #isBehind(sku: Sku): boolean {
    return Buffer.compare(Buffer.from(sku), Buffer.from(this.#countedTo)) <= 0;
  }
}
