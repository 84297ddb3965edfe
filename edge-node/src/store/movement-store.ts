import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';

export type MovementRow = {
  readonly sequence: number;
  readonly sku: Sku;
  readonly delta: Buffer;
  readonly hash: Buffer;
};

/** The movement log: appended by the ledger, read by everybody. */
export class MovementStore {
  readonly #append: Statement<[number, string, Uint8Array, Uint8Array]>;
  readonly #after: Statement<[number, number], MovementRow>;
  readonly #ofSku: Statement<[string, number, number], MovementRow>;
  readonly #ofSkuSince: Statement<[string, number], MovementRow>;
  readonly #firstOfSkuSince: Statement<[string, number], MovementRow>;
  readonly #skus: Statement<[number, number], { sku: Sku }>;
  readonly #next: Statement<[number, number], { sequence: number; hash: Buffer }>;
  readonly #countAfter: Statement<[number], { rows: number }>;
  readonly #hash: Statement<[number], { hash: Buffer }>;

  constructor(database: Database) {
    this.#append = database.prepare('INSERT INTO movement (sequence, sku, delta, hash) VALUES (?, ?, ?, ?)');
    this.#after = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sequence > ? ORDER BY sequence LIMIT ?',
    );
    this.#ofSku = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sku = ? AND sequence <= ? ORDER BY sequence DESC LIMIT ?',
    );
    this.#ofSkuSince = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sku = ? AND sequence > ? ORDER BY sequence',
    );
    this.#firstOfSkuSince = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sku = ? AND sequence > ? ORDER BY sequence LIMIT 1',
    );
    this.#skus = database.prepare('SELECT DISTINCT sku FROM movement WHERE sequence > ? AND sequence <= ?');
    this.#next = database.prepare(
      'SELECT sequence, hash FROM movement WHERE sequence >= ? AND sequence < ? ORDER BY sequence LIMIT 1',
    );
    this.#countAfter = database.prepare('SELECT count(*) AS rows FROM movement WHERE sequence > ?');
    this.#hash = database.prepare('SELECT hash FROM movement WHERE sequence = ?');
  }

  append(sequence: number, sku: Sku, delta: Uint8Array, hash: Uint8Array): void {
    this.#append.run(sequence, sku, delta, hash);
  }

  /** The log after a sequence, oldest first. */
  after(sequence: number, limit: number): readonly MovementRow[] {
    return this.#after.all(sequence, limit);
  }

  /** One SKU's movements up to and including a sequence, newest first. */
  ofSku(sku: Sku, upTo: number, limit: number): readonly MovementRow[] {
    return this.#ofSku.all(sku, upTo, limit);
  }

  /** One SKU's movements after a sequence, oldest first. */
  ofSkuSince(sku: Sku, sequence: number): readonly MovementRow[] {
    return this.#ofSkuSince.all(sku, sequence);
  }

  /** One SKU's next movement after a sequence. */
  nextOfSku(sku: Sku, sequence: number): MovementRow | undefined {
    return this.#firstOfSkuSince.get(sku, sequence);
  }

  /** The SKUs that moved in (after, upTo]. */
  skusTouched(after: number, upTo: number): Sku[] {
    return this.#skus.all(after, upTo).map((row) => row.sku);
  }

  /** The first place in [from, before) that the log still has. */
  firstIn(from: number, before: number): { readonly sequence: number; readonly hash: Buffer } | undefined {
    return this.#next.get(from, before);
  }

  /** How many there are after a place; of a whole log as many as its places. */
  countAfter(sequence: number): number {
    return this.#countAfter.get(sequence)?.rows ?? 0;
  }

  hashAt(sequence: number): Buffer | undefined {
    return this.#hash.get(sequence)?.hash;
  }
}
