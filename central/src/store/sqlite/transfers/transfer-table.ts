import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferLine } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';
import type { TransferRecord, TransferStage } from '../../../rules/transfer.ts';
import type { TransferEnds, TransferTable, TransferWriter } from '../../tables/transfer-table.ts';
import type { TransferReader, UnderWay } from '../../transfer-reader.ts';

type TransferRow = Omit<TransferRecord, 'lines'>;
type PageParameters = { state: string | null; warehouse: string | null; before: number; limit: number };
type EndsRow = Omit<TransferEnds, 'isShipped'> & { readonly isShipped: number };

const COLUMNS = `number, id AS transfer, from_warehouse AS "from", to_warehouse AS "to", state, first_at AS firstAt,
  changed_at AS changedAt`;

/** Reads transfers. */
export class SqliteTransferTable implements TransferTable {
  readonly #named: Statement<[string], TransferRow>;
  readonly #numbered: Statement<[number], TransferRow>;
  readonly #lines: Statement<[number], TransferLine>;
  readonly #latest: Statement<[PageParameters], TransferRow>;
  readonly #latestAt: Statement<[PageParameters], TransferRow>;
  readonly #underWayTo: Statement<[string, string, number], UnderWay>;
  readonly #openAt: Statement<[{ warehouse: string }], { number: number }>;
  readonly #lateAt: Statement<[{ warehouse: string; since: number }], { number: number }>;

  constructor(database: Database) {
    this.#named = database.prepare(`SELECT ${COLUMNS} FROM transfer WHERE id = ? ORDER BY from_warehouse`);
    this.#numbered = database.prepare(`SELECT ${COLUMNS} FROM transfer WHERE number = ?`);
    this.#lines = database.prepare(
      'SELECT sku, shipped, received, damaged, lost FROM transfer_line WHERE transfer = ? ORDER BY sku',
    );
    const page = 'number < @before AND (@state IS NULL OR state = @state)';
    this.#latest = database.prepare(`SELECT ${COLUMNS} FROM transfer WHERE ${page} ORDER BY number DESC LIMIT @limit`);
    // Each end by its own index, so that a warehouse without any costs no walk over all of them.
    this.#latestAt = database.prepare(`
      SELECT ${COLUMNS} FROM transfer WHERE number IN (
        SELECT number FROM (SELECT number FROM transfer WHERE from_warehouse = @warehouse AND ${page}
          ORDER BY number DESC LIMIT @limit)
        UNION SELECT number FROM (SELECT number FROM transfer WHERE to_warehouse = @warehouse AND ${page}
          ORDER BY number DESC LIMIT @limit))
      ORDER BY number DESC LIMIT @limit`);
    // CROSS JOIN: from what is under way, not from all that ever went there.
    this.#underWayTo = database.prepare(`
      SELECT t.id AS transfer, t.from_warehouse AS "from", l.shipped - l.received - l.damaged - l.lost AS units
      FROM transfer_line l CROSS JOIN transfer t ON t.number = l.transfer
      WHERE l.sku = ? AND l.shipped > l.received + l.damaged + l.lost AND t.to_warehouse = ? ORDER BY t.number LIMIT ?`);
    this.#openAt = database.prepare(`
      SELECT number FROM transfer WHERE state <> 'closed' AND from_warehouse = @warehouse
      UNION SELECT number FROM transfer WHERE state <> 'closed' AND to_warehouse = @warehouse ORDER BY number`);
    const isLate = "(state <> 'closed' OR changed_at >= @since)";
    this.#lateAt = database.prepare(`
      SELECT number FROM transfer WHERE ${isLate} AND from_warehouse = @warehouse
      UNION SELECT number FROM transfer WHERE ${isLate} AND to_warehouse = @warehouse ORDER BY number`);
  }

  named(id: string): readonly TransferRecord[] {
    return this.#named.all(id).map((row) => this.#recordOf(row));
  }

  numbered(number: number): TransferRecord | undefined {
    const row = this.#numbered.get(number);
    return row && this.#recordOf(row);
  }

  latest(options: Parameters<TransferReader['transfers']>[0]): readonly TransferRecord[] {
    const { state = null, warehouse = null, before = Number.MAX_SAFE_INTEGER, limit } = options;
    const statement = warehouse === null ? this.#latest : this.#latestAt;
    return statement.all({ state, warehouse, before, limit }).map((row) => this.#recordOf(row));
  }

  underWayTo(warehouse: WarehouseId, sku: Sku, limit: number): readonly UnderWay[] {
    return this.#underWayTo.all(sku, warehouse, limit);
  }

  /** Those that are not closed and have the warehouse at an end. */
  openAt(warehouse: WarehouseId): readonly TransferRecord[] {
    return this.#openAt.all({ warehouse }).flatMap(({ number }) => this.numbered(number) ?? []);
  }

  /** Those that are not closed, or were changed since a moment, and have the warehouse at an end. */
  lateAt(warehouse: WarehouseId, since: number): readonly TransferRecord[] {
    return this.#lateAt.all({ warehouse, since }).flatMap(({ number }) => this.numbered(number) ?? []);
  }

  #recordOf(row: TransferRow): TransferRecord {
    return { ...row, lines: this.#lines.all(row.number) };
  }
}

/** Writes transfers, inside a transaction of its caller. */
export class SqliteTransferWriter implements TransferWriter {
  readonly #find: Statement<[string, string], EndsRow>;
  readonly #insert: Statement<[{ id: string; from: string; to: string; isShipped: number; now: number }]>;
  readonly #redirect: Statement<[string, number]>;
  readonly #add: Statement<[{ transfer: number } & TransferLine]>;
  readonly #settle: Statement<[string, number, number]>;
  readonly #incoming: Statement<[string, string], { units: number }>;
  readonly #setIncoming: Statement<[{ sku: string; warehouse: string; units: number }]>;
  readonly #clearIncoming: Statement<[string, string]>;

  constructor(database: Database) {
    this.#find = database.prepare(`
      SELECT number, from_warehouse AS "from", to_warehouse AS "to", is_shipped AS isShipped
      FROM transfer WHERE id = ? AND from_warehouse = ?`);
    this.#insert = database.prepare(`
      INSERT INTO transfer (id, from_warehouse, to_warehouse, is_shipped, state, first_at, changed_at)
      VALUES (@id, @from, @to, @isShipped, 'shipped', @now, @now)`);
    this.#redirect = database.prepare('UPDATE transfer SET is_shipped = 1, to_warehouse = ? WHERE number = ?');
    this.#add = database.prepare(`
      INSERT INTO transfer_line (transfer, sku, shipped, received, damaged, lost)
      VALUES (@transfer, @sku, @shipped, @received, @damaged, @lost)
      ON CONFLICT (transfer, sku) DO UPDATE SET shipped = shipped + excluded.shipped,
        received = received + excluded.received, damaged = damaged + excluded.damaged, lost = lost + excluded.lost`);
    this.#settle = database.prepare('UPDATE transfer SET state = ?, changed_at = ? WHERE number = ?');
    // In the words of its index. CROSS JOIN: from what is under way, not from all that ever went there.
    this.#incoming = database.prepare(`
      SELECT coalesce(sum(l.shipped - l.received - l.damaged - l.lost), 0) AS units
      FROM transfer_line l CROSS JOIN transfer t ON t.number = l.transfer
      WHERE l.sku = ? AND l.shipped > l.received + l.damaged + l.lost AND t.to_warehouse = ?`);
    // A warehouse that never had the SKU gets a position to show it at: version 0, as before any delta.
    this.#setIncoming = database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
        log_sequence, at, suspect, incoming)
      VALUES (@sku, @warehouse, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, @units)
      ON CONFLICT (sku, warehouse) DO UPDATE SET incoming = excluded.incoming WHERE incoming <> excluded.incoming`);
    this.#clearIncoming = database.prepare(
      'UPDATE position SET incoming = 0 WHERE sku = ? AND warehouse = ? AND incoming <> 0',
    );
  }

  find(id: string, from: WarehouseId): TransferEnds | undefined {
    const row = this.#find.get(id, from);
    return row && { ...row, isShipped: row.isShipped === 1 };
  }

  /** Makes a row for one that was not heard of; returns its number. */
  insert(transfer: { id: string; from: WarehouseId; to: WarehouseId; isShipped: boolean }, now: number): number {
    const { isShipped, ...told } = transfer;
    return Number(this.#insert.run({ ...told, isShipped: isShipped ? 1 : 0, now }).lastInsertRowid);
  }

  /** Its source says where it goes. */
  redirect(number: number, to: WarehouseId): void {
    this.#redirect.run(to, number);
  }

  add(transfer: number, units: TransferLine): void {
    this.#add.run({ transfer, ...units });
  }

  settle(number: number, state: TransferStage, now: number): void {
    this.#settle.run(state, now, number);
  }

  /** Shows what is under way to a warehouse at its position. False when that was shown before. */
  showIncoming(sku: Sku, warehouse: WarehouseId): boolean {
    const units = this.#incoming.get(sku, warehouse)?.units ?? 0;
    const written =
      units > 0 ? this.#setIncoming.run({ sku, warehouse, units }) : this.#clearIncoming.run(sku, warehouse);
    return written.changes > 0;
  }
}
