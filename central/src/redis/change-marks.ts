import { crc32 } from 'node:zlib';
import type { Sku } from '@edgestock/shared/inventory/ids';
import type { ChangeNotice } from '../store/central-store.ts';

/** 8 MiB. Of 1,000,000 SKUs, 1 in 100 that has not changed looks changed after 10,000 changes, and is read from the store. */
const MARKS = 2 ** 20;

/** What somebody read of a SKU: its answer's revision, and the revision up to which every change was in what was read. */
export type ReadState = { readonly revision: number; readonly upTo: number };

/**
 * When each SKU last changed, as the change feed tells it. It proves of something read earlier, by whomever, that it is still so.
 * SKUs share marks: that makes one look changed that is not, and never the other way.
 */
export class ChangeMarks {
  readonly #marks: Float64Array;
  /** Every change after this revision is marked, up to `#upTo`. */
  #from = Number.POSITIVE_INFINITY;
  #upTo = 0;

  constructor(marks: number = MARKS) {
    this.#marks = new Float64Array(marks);
  }

  /** The revision up to which every change is known here. */
  get upTo(): number {
    return this.#upTo;
  }

  /** From where on every change is known here. */
  get from(): number {
    return this.#from;
  }

  /** Nothing is known of what changed before this revision. */
  begin(revision: number): void {
    this.#from = revision;
    this.#upTo = revision;
  }

  /** Nothing is known at all: whatever was read is not proved by anything. */
  forget(): void {
    this.#from = Number.POSITIVE_INFINITY;
    this.#marks.fill(0);
  }

  /** These have changed, and nothing else up to a revision. */
  note(notices: readonly ChangeNotice[], upTo: number): void {
    this.#mark(notices);
    this.#upTo = upTo;
  }

  /** These had changed after an earlier revision, and nothing else up to where the marks begin. */
  noteEarlier(notices: readonly ChangeNotice[], from: number): void {
    this.#mark(notices);
    this.#from = Math.min(this.#from, from);
  }

  /** Whether the SKU has not changed, as far as is known here, since that was read. */
  isCurrent(sku: Sku, { revision, upTo }: ReadState): boolean {
    return upTo >= this.#from && (this.#marks[this.#placeOf(sku)] ?? 0) <= Math.max(revision, upTo);
  }

  #mark(notices: readonly ChangeNotice[]): void {
    for (const { sku, revision } of notices) {
      const place = this.#placeOf(sku);
      this.#marks[place] = Math.max(this.#marks[place] ?? 0, revision);
    }
  }

  #placeOf(sku: Sku): number {
    return crc32(sku) % this.#marks.length;
  }
}
