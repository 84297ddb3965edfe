import { createHash } from 'node:crypto';
import type { Database, Statement } from 'better-sqlite3';
import type { QuarantineInput } from '../../central-store.ts';

/** Puts things aside, each once; inside a transaction of its caller. */
export class QuarantineWriter {
  readonly #insert: Statement<(string | number | null | Uint8Array)[]>;

  constructor(database: Database) {
    this.#insert = database.prepare(`
      INSERT INTO quarantine (warehouse, reason, detail, epoch, first_sequence, last_sequence, sku, digest, at, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (warehouse, digest) DO NOTHING`);
  }

  put(item: QuarantineInput, now: number): void {
    this.#insert.run(
      item.warehouse,
      item.reason,
      item.detail,
      item.epoch ?? null,
      item.firstSequence ?? null,
      item.lastSequence ?? null,
      item.sku ?? null,
      digestOf(item),
      now,
      item.bytes,
    );
  }
}

/** The place is part of it: two sequences may well carry the same bytes. */
function digestOf({ epoch, firstSequence, lastSequence, bytes }: QuarantineInput): Buffer {
  return createHash('sha256')
    .update(`${epoch ?? ''}.${firstSequence ?? ''}.${lastSequence ?? ''}.`)
    .update(bytes)
    .digest();
}
