import type { Sku } from '@edgestock/shared/inventory/ids';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { Database, Statement } from 'better-sqlite3';

export type MovementRow = {
  readonly sequence: number;
  readonly sku: Sku;
  readonly delta: Buffer;
  readonly hash: Buffer;
};

/**
 * The movement log: appended by the ledger, read by everybody.
 *
 * What one SKU did is found along its movements, each of which names the one before it, from its last one back or from a
 * waypoint: every 61st place of the log is in an index by SKU (`sparse-movement-index.ts`). Where a log has lost movements, as
 * salvaged ones have, it is looked through instead.
 */
export class MovementStore {
  readonly #append: Statement<[number, string, Uint8Array, Uint8Array]>;
  readonly #after: Statement<[number, number], MovementRow>;
  readonly #at: Statement<[number], MovementRow>;
  readonly #lastOf: Statement<[{ sku: string }], { sequence: number | null }>;
  readonly #waypoint: Statement<[string, number], { sequence: number }>;
  readonly #lastBefore: Statement<[string, number], MovementRow>;
  readonly #isSalvaged: Statement<[], { one: number }>;
  readonly #skus: Statement<[number, number], { sku: Sku }>;
  readonly #next: Statement<[number, number], { sequence: number; hash: Buffer }>;
  readonly #countAfter: Statement<[number], { rows: number }>;
  readonly #hash: Statement<[number], { hash: Buffer }>;

  constructor(database: Database) {
    this.#append = database.prepare('INSERT INTO movement (sequence, sku, delta, hash) VALUES (?, ?, ?, ?)');
    this.#after = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sequence > ? ORDER BY sequence LIMIT ?',
    );
    this.#at = database.prepare('SELECT sequence, sku, delta, hash FROM movement WHERE sequence = ?');
    // In a transaction, movements are ahead of the positions and of the head, which are written at its end.
    this.#lastOf = database.prepare(`
      SELECT coalesce(
        (SELECT max(sequence) FROM movement WHERE sku = @sku AND sequence > (SELECT sequence FROM node WHERE id = 1)),
        (SELECT sequence FROM position WHERE sku = @sku)) AS sequence`);
    this.#waypoint = database.prepare(
      'SELECT sequence FROM movement WHERE sku = ? AND sequence > ? AND sequence % 61 = 0 ORDER BY sequence LIMIT 1',
    );
    this.#lastBefore = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sku = ? AND sequence < ? ORDER BY sequence DESC LIMIT 1',
    );
    // A salvaged one that was rolled back as well is known as that.
    this.#isSalvaged = database.prepare(
      "SELECT 1 AS one FROM node WHERE id = 1 AND restored IN ('salvaged', 'rolled-back')",
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
    const rows: MovementRow[] = [];
    for (const row of this.#backFrom(sku, upTo)) {
      if (rows.length === limit) break;
      if (row.sequence <= upTo) rows.push(row);
    }
    return rows;
  }

  /** One SKU's movements after a sequence, oldest first. */
  ofSkuSince(sku: Sku, sequence: number): readonly MovementRow[] {
    const rows: MovementRow[] = [];
    for (const row of this.#backFrom(sku, Number.MAX_SAFE_INTEGER)) {
      if (row.sequence <= sequence) break;
      rows.push(row);
    }
    return rows.reverse();
  }

  /** One SKU's next movement after a sequence. */
  nextOfSku(sku: Sku, sequence: number): MovementRow | undefined {
    let next: MovementRow | undefined;
    for (const row of this.#backFrom(sku, sequence)) {
      if (row.sequence <= sequence) break;
      next = row;
    }
    return next;
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

  /** A SKU's movements, newest first, from not far behind a place on. */
  *#backFrom(sku: Sku, place: number): Generator<MovementRow> {
    for (let row = this.#startOf(sku, place); row !== undefined; row = this.#before(row)) yield row;
  }

  #startOf(sku: Sku, place: number): MovementRow | undefined {
    const sequence = this.#waypoint.get(sku, place)?.sequence ?? this.#lastOf.get({ sku })?.sequence ?? undefined;
    if (sequence !== undefined) return this.#movementAt(sku, sequence);
    return this.#isSalvaged.get() === undefined ? undefined : this.#lastBefore.get(sku, Number.MAX_SAFE_INTEGER);
  }

  #before({ sku, sequence, delta }: MovementRow): MovementRow | undefined {
    const { previous } = decodeDelta(delta);
    if (previous > 0) return this.#movementAt(sku, previous);
    // A salvaged position may have begun anew, without what the log still has of it.
    return this.#isSalvaged.get() === undefined ? undefined : this.#lastBefore.get(sku, sequence);
  }

  /** The SKU's movement at a place or, where that is missing, its last one before. In front of the log there are none. */
  #movementAt(sku: Sku, sequence: number): MovementRow | undefined {
    const row = this.#at.get(sequence);
    return row?.sku === sku ? row : this.#lastBefore.get(sku, sequence);
  }
}
