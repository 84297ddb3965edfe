import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { QuarantineInput, QuarantineRecord, Settlement } from '../../central-store.ts';
import { type QuarantineRow, quarantineDigest, quarantineRecordOf } from '../../rows/quarantine-row.ts';
import type { QuarantineTable } from '../../tables/quarantine-table.ts';
import { firstRow, type Session } from '../session.ts';

const QUARANTINE_COLUMNS = `id, warehouse, reason, detail, epoch, first_sequence AS "firstSequence",
  last_sequence AS "lastSequence", sku, at, bytes, settled_as AS "settledAs", settled_at AS "settledAt",
  settled_by AS "settledBy", settled_why AS "settledWhy", directive`;

export class PostgresQuarantineTable implements QuarantineTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async put(item: QuarantineInput, now: number): Promise<void> {
    await this.#session.send(
      `INSERT INTO quarantine (warehouse, reason, detail, epoch, first_sequence, last_sequence, sku, digest, at, bytes)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (warehouse, digest) DO NOTHING`,
      [
        ...[item.warehouse, item.reason, item.detail, item.epoch ?? null, item.firstSequence ?? null],
        ...[item.lastSequence ?? null, item.sku ?? null, quarantineDigest(item), now, item.bytes],
      ],
    );
  }

  async get(id: number): Promise<QuarantineRecord | undefined> {
    const text = `SELECT ${QUARANTINE_COLUMNS} FROM quarantine WHERE id = $1`;
    const row = await firstRow<QuarantineRow>(this.#session, text, [id]);
    return row && quarantineRecordOf(row);
  }

  /** Latest first. */
  async page(options: {
    readonly warehouse?: WarehouseId;
    readonly isSettled?: boolean;
    readonly beforeId?: number;
    readonly limit: number;
  }): Promise<readonly QuarantineRecord[]> {
    const { warehouse, isSettled, beforeId = Number.MAX_SAFE_INTEGER, limit } = options;
    const conditions = ['id < $1'];
    // Words that the index of the open ones knows again.
    if (isSettled !== undefined) conditions.push(`settled_as IS ${isSettled ? 'NOT NULL' : 'NULL'}`);
    if (warehouse !== undefined) conditions.push('warehouse = $3');
    const rows = await this.#session.rows<QuarantineRow>(
      `SELECT ${QUARANTINE_COLUMNS} FROM quarantine WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT $2`,
      warehouse === undefined ? [beforeId, limit] : [beforeId, limit, warehouse],
    );
    return rows.map(quarantineRecordOf);
  }

  async openCount(): Promise<number> {
    const text = 'SELECT count(*) AS items FROM quarantine WHERE settled_as IS NULL';
    return (await firstRow<{ items: number }>(this.#session, text))?.items ?? 0;
  }

  async settle(id: number, { as, at, by, why, directive }: Settlement): Promise<void> {
    await this.#session.send(
      `UPDATE quarantine SET settled_as = $1, settled_at = $2, settled_by = $3, settled_why = $4, directive = $5
       WHERE id = $6 AND settled_as IS NULL`,
      [as, at, by, why, directive ?? null, id],
    );
  }

  async unheard(): Promise<readonly number[]> {
    const rows = await this.#session.rows<{ id: number }>(
      `SELECT q.id FROM quarantine q JOIN node n ON n.warehouse = q.warehouse
       WHERE q.settled_as = 'applied' AND q.directive > n.down_covered ORDER BY q.id`,
    );
    return rows.map(({ id }) => id);
  }

  async forgetPlaces(): Promise<void> {
    await this.#session.send('UPDATE quarantine SET directive = 0 WHERE directive > 0');
  }

  async place(id: number, directive: number): Promise<void> {
    await this.#session.send('UPDATE quarantine SET directive = $1 WHERE id = $2', [directive, id]);
  }
}
