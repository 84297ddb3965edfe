import { hash } from 'node:crypto';
import type { MovedRow, MovedValue } from './moved-table.ts';

/** Two that are equal were made of the same rows, in whatever order. */
export type Digested = { readonly rows: number; readonly digest: string };

/**
 * Adds up the hashes of rows, in four parts that wrap around: the order is left out, since text that one engine cannot keep as it is
 * may stand elsewhere in the order of a key. No row counts twice: each has its key in it.
 */
export class TableDigest {
  readonly #parts = new BigUint64Array(4);
  #rows = 0;

  add(rows: readonly MovedRow[]): void {
    for (const row of rows) {
      const hashed = hash('sha256', JSON.stringify(row.map(told)), 'buffer');
      for (const place of this.#parts.keys()) {
        this.#parts[place] = (this.#parts[place] ?? 0n) + hashed.readBigUInt64LE(place * 8);
      }
    }
    this.#rows += rows.length;
  }

  get result(): Digested {
    return { rows: this.#rows, digest: Buffer.from(this.#parts.buffer).toString('hex') };
  }
}

/** JSON tells null, flags, numbers and text apart; bytes are an object. */
function told(value: MovedValue): string | number | boolean | null | { readonly bytes: string } {
  return value instanceof Uint8Array ? { bytes: hash('sha256', value, 'base64') } : value;
}
