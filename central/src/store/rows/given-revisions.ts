import type { Sku } from '@edgestock/shared/inventory/ids';
import type { ChangeNotice } from '../central-store.ts';

/** The revisions that one transaction gives: one for each SKU, whatever is done to it, in their order. */
export class GivenRevisions {
  readonly #before: () => number;
  #last: number | undefined;
  #bySku = new Map<Sku, number>();

  /** `before`: the latest revision before the transaction; asked once, when the first is given. */
  constructor(before: () => number) {
    this.#before = before;
  }

  /** Forgets what a transaction that failed has left. */
  begin(): void {
    this.#last = undefined;
    this.#bySku = new Map();
  }

  has(sku: Sku): boolean {
    return this.#bySku.has(sku);
  }

  /** That of the SKU; the next one when it has none yet. */
  of(sku: Sku): number {
    const known = this.#bySku.get(sku);
    if (known !== undefined) return known;
    const revision = this.latest() + 1;
    this.#last = revision;
    this.#bySku.set(sku, revision);
    return revision;
  }

  latest(): number {
    this.#last ??= this.#before();
    return this.#last;
  }

  /** A statement has given these, all behind `latest` and without a gap; SKUs that had one have another now. */
  took(notices: readonly ChangeNotice[]): void {
    this.#last = this.latest() + notices.length;
    for (const { sku, revision } of notices.toSorted((a, b) => a.revision - b.revision)) {
      this.#bySku.delete(sku);
      this.#bySku.set(sku, revision);
    }
  }

  /** To be kept as the latest; `undefined` where none was given. */
  get last(): number | undefined {
    return this.#last;
  }

  notices(): readonly ChangeNotice[] {
    return Array.from(this.#bySku, ([sku, revision]) => ({ sku, revision }));
  }
}
