import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHashOver } from '@edgestock/shared/protocol/chain';
import { decodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { UpBatch } from '@edgestock/shared/protocol/message';
import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import type { BatchLog, BatchLogWriter, LoggedDelta } from '../../tables/batch-log.ts';

type BatchRow = {
  id: number;
  epoch: number;
  first_sequence: number;
  last_sequence: number;
  last_hash: Buffer;
  bytes: Buffer;
};

/** The nodes' logs as central has them, one row per batch. Reading a delta decodes its batch; the last one is kept at hand. */
export class SqliteBatchLog implements BatchLog {
  readonly #holding: Statement<[string, number], BatchRow>;
  readonly #hashAtEnd: Statement<[string, number], { last_hash: Buffer }>;
  readonly #first: Statement<[string], { first_sequence: number }>;
  readonly #after: Statement<[string, number], { bytes: Buffer }>;
  readonly #hashAtBeginning: Statement<[string, number], { hash: Buffer }>;
  readonly #lastId: Statement<[], { id: number | null }>;
  #decoded: { readonly id: number; readonly batch: UpBatch } | undefined;

  constructor(database: Database) {
    this.#holding = database.prepare(`
      SELECT id, epoch, first_sequence, last_sequence, last_hash, bytes FROM batch
      WHERE warehouse = ? AND last_sequence >= ? ORDER BY last_sequence LIMIT 1`);
    this.#hashAtEnd = database.prepare('SELECT last_hash FROM batch WHERE warehouse = ? AND last_sequence = ?');
    this.#first = database.prepare(
      'SELECT first_sequence FROM batch WHERE warehouse = ? ORDER BY last_sequence LIMIT 1',
    );
    this.#after = database.prepare(
      'SELECT bytes FROM batch WHERE warehouse = ? AND last_sequence > ? ORDER BY last_sequence',
    );
    this.#hashAtBeginning = database.prepare(
      'SELECT hash FROM snapshot WHERE warehouse = ? AND sequence = ? AND accepted_at IS NOT NULL',
    );
    this.#lastId = database.prepare('SELECT max(id) AS id FROM batch');
  }

  /** The delta of a sequence, or `undefined` when the log does not hold it. */
  delta(warehouse: WarehouseId, sequence: number): LoggedDelta | undefined {
    const row = this.#rowHolding(warehouse, sequence);
    if (row === undefined) return undefined;
    const batch = this.#batchOf(row);
    const bytes = must(batch.deltas[sequence - batch.firstSequence], 'a row holds the sequences it states');
    return { sequence, epoch: row.epoch, bytes };
  }

  /** The chain hash after a sequence, or `undefined` when the log does not hold it. */
  hashAt(warehouse: WarehouseId, sequence: number): Uint8Array | undefined {
    // Almost always asked for the end of a batch that was delivered twice.
    const end = this.#hashAtEnd.get(warehouse, sequence);
    if (end !== undefined) return end.last_hash;
    const row = this.#rowHolding(warehouse, sequence);
    // Where the log begins with a snapshot, its place is known besides.
    if (row === undefined) return this.#hashAtBeginning.get(warehouse, sequence)?.hash;
    const { hashBefore, deltas, firstSequence } = this.#batchOf(row);
    return chainHashOver(hashBefore, deltas.slice(0, sequence - firstSequence + 1));
  }

  /** The first sequence that the log of a warehouse holds; `undefined` when it holds none. */
  firstSequence(warehouse: WarehouseId): number | undefined {
    return this.#first.get(warehouse)?.first_sequence;
  }

  /** Batches as they came that hold what follows a sequence, in order: at least one if there is any, then as the bytes allow. */
  batchesAfter(warehouse: WarehouseId, sequence: number, bytesMax: number): readonly Uint8Array[] {
    const batches: Uint8Array[] = [];
    let bytes = 0;
    for (const row of this.#after.iterate(warehouse, sequence)) {
      bytes += row.bytes.length;
      if (batches.length > 0 && bytes > bytesMax) break;
      batches.push(row.bytes);
    }
    return batches;
  }

  /** Rows ever written. */
  rows(): number {
    return this.#lastId.get()?.id ?? 0;
  }

  #rowHolding(warehouse: WarehouseId, sequence: number): BatchRow | undefined {
    const row = this.#holding.get(warehouse, sequence);
    return row !== undefined && row.first_sequence <= sequence ? row : undefined;
  }

  #batchOf(row: BatchRow): UpBatch {
    if (this.#decoded?.id !== row.id) this.#decoded = { id: row.id, batch: decodeUpBatch(row.bytes) };
    return this.#decoded.batch;
  }
}

/** Appends to the log of batches, inside a transaction of its caller. */
export class SqliteBatchLogWriter implements BatchLogWriter {
  readonly #append: Statement<[string, number, number, number, Uint8Array, number, Uint8Array]>;

  constructor(database: Database) {
    this.#append = database.prepare(`
      INSERT INTO batch (warehouse, epoch, first_sequence, last_sequence, last_hash, received_at, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?)`);
  }

  /** `firstSequence` is the first that this row adds, which may be later than the message's own. */
  append(batch: UpBatch, row: { firstSequence: number; bytes: Uint8Array }, now: number): void {
    this.#append.run(
      batch.warehouse,
      batch.epoch,
      row.firstSequence,
      batch.lastSequence,
      batch.hashLast,
      now,
      row.bytes,
    );
  }
}
