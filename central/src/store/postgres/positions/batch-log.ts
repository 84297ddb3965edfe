import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { chainHashOver } from '@edgestock/shared/protocol/chain';
import { decodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { UpBatch } from '@edgestock/shared/protocol/message';
import { must } from '@edgestock/shared/runtime/assert';
import type { BatchLog, BatchLogWriter, LoggedDelta } from '../../tables/batch-log.ts';
import { firstRow, type Session } from '../session.ts';

type BatchRow = {
  readonly id: number;
  readonly epoch: number;
  readonly first_sequence: number;
  readonly bytes: Uint8Array;
};

/** How many batches are looked for at once: full ones are some 20 kB. */
const PAGE_ROWS = 64;

/** The nodes' logs as central has them, one row per batch. Reading a delta decodes its batch; the last one is kept at hand. */
export class PostgresBatchLog implements BatchLog {
  readonly #session: Session;
  #decoded: { readonly id: number; readonly batch: UpBatch } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  async delta(warehouse: WarehouseId, sequence: number): Promise<LoggedDelta | undefined> {
    const row = await this.#rowHolding(warehouse, sequence);
    if (row === undefined) return undefined;
    const batch = this.#batchOf(row);
    const bytes = must(batch.deltas[sequence - batch.firstSequence], 'a row holds the sequences it states');
    return { sequence, epoch: row.epoch, bytes };
  }

  async hashAt(warehouse: WarehouseId, sequence: number): Promise<Uint8Array | undefined> {
    // Almost always asked for the end of a batch that was delivered twice. Where the log begins with a snapshot, its place is
    // known besides.
    const known = await firstRow<{ hash: Uint8Array }>(
      this.#session,
      `SELECT last_hash AS hash FROM batch WHERE warehouse = $1 AND last_sequence = $2
       UNION ALL SELECT hash FROM snapshot WHERE warehouse = $1 AND sequence = $2 AND accepted_at IS NOT NULL`,
      [warehouse, sequence],
    );
    if (known !== undefined) return known.hash;
    const row = await this.#rowHolding(warehouse, sequence);
    if (row === undefined) return undefined;
    const { hashBefore, deltas, firstSequence } = this.#batchOf(row);
    return chainHashOver(hashBefore, deltas.slice(0, sequence - firstSequence + 1));
  }

  async firstSequence(warehouse: WarehouseId): Promise<number | undefined> {
    const row = await firstRow<{ first_sequence: number }>(
      this.#session,
      'SELECT first_sequence FROM batch WHERE warehouse = $1 ORDER BY last_sequence LIMIT 1',
      [warehouse],
    );
    return row?.first_sequence;
  }

  /** Batches as they came that hold what follows a sequence, in order: at least one if there is any, then as the bytes allow. */
  async batchesAfter(warehouse: WarehouseId, sequence: number, bytesMax: number): Promise<readonly Uint8Array[]> {
    const rows = await this.#session.rows<{ bytes: Uint8Array }>(
      `SELECT b.bytes FROM (
         SELECT warehouse, last_sequence, row_number() OVER wide AS place, sum(length(bytes)) OVER wide AS total
         FROM (SELECT warehouse, last_sequence, bytes FROM batch WHERE warehouse = $1 AND last_sequence > $2
           ORDER BY last_sequence LIMIT ${PAGE_ROWS}) page
         WINDOW wide AS (ORDER BY last_sequence)) fitting
         JOIN batch b ON b.warehouse = fitting.warehouse AND b.last_sequence = fitting.last_sequence
       WHERE fitting.place = 1 OR fitting.total <= $3 ORDER BY b.last_sequence`,
      [warehouse, sequence, bytesMax],
    );
    return rows.map(({ bytes }) => bytes);
  }

  /** Rows ever written, and those of transactions that were rolled back. */
  async rows(): Promise<number> {
    const row = await firstRow<{ rows: number }>(
      this.#session,
      'SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS rows FROM batch_number',
    );
    return row?.rows ?? 0;
  }

  async #rowHolding(warehouse: WarehouseId, sequence: number): Promise<BatchRow | undefined> {
    const row = await firstRow<BatchRow>(
      this.#session,
      `SELECT id, epoch, first_sequence, bytes FROM batch
       WHERE warehouse = $1 AND last_sequence >= $2 ORDER BY last_sequence LIMIT 1`,
      [warehouse, sequence],
    );
    return row !== undefined && row.first_sequence <= sequence ? row : undefined;
  }

  #batchOf(row: BatchRow): UpBatch {
    if (this.#decoded?.id !== row.id) this.#decoded = { id: row.id, batch: decodeUpBatch(row.bytes) };
    return this.#decoded.batch;
  }
}

export class PostgresBatchLogWriter implements BatchLogWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async append(
    batch: UpBatch,
    row: { readonly firstSequence: number; readonly bytes: Uint8Array },
    now: number,
  ): Promise<void> {
    await this.#session.send(
      `INSERT INTO batch (warehouse, epoch, first_sequence, last_sequence, last_hash, received_at, bytes)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [batch.warehouse, batch.epoch, row.firstSequence, batch.lastSequence, batch.hashLast, now, row.bytes],
    );
  }
}
