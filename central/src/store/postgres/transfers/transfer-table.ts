import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferLine } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import type { TransferRecord, TransferStage } from '../../../rules/transfer.ts';
import type { TransferEnds, TransferTable, TransferWriter } from '../../tables/transfer-table.ts';
import type { TransferReader, UnderWay } from '../../transfer-reader.ts';
import { firstRow, type Parameter, type Session } from '../session.ts';

/** Whole: a reader needs no second statement, and so no transaction, to see one committed state of it. */
const TRANSFER = `
  SELECT t.number, t.id AS transfer, t.from_warehouse AS "from", t.to_warehouse AS "to", t.state, t.first_at AS "firstAt",
    t.changed_at AS "changedAt",
    (SELECT coalesce(json_agg(json_build_object('sku', l.sku, 'shipped', l.shipped, 'received', l.received,
        'damaged', l.damaged, 'lost', l.lost) ORDER BY l.sku), '[]')
      FROM transfer_line l WHERE l.transfer = t.number) AS lines
  FROM transfer t`;

/** What is on its way to warehouse $1, in the words of the index `transfer_line_under_way`. */
const UNDER_WAY = `
  FROM transfer_line l JOIN transfer t ON t.number = l.transfer
  WHERE t.to_warehouse = $1 AND l.sku = $2 AND l.shipped > l.received + l.damaged + l.lost`;
const UNITS = 'l.shipped - l.received - l.damaged - l.lost';

/** `TransferTable` on PostgreSQL. */
export class PostgresTransferTable implements TransferTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async named(id: string): Promise<readonly TransferRecord[]> {
    return this.#records('WHERE t.id = $1 ORDER BY t.from_warehouse', [id]);
  }

  async numbered(number: number): Promise<TransferRecord | undefined> {
    const [record] = await this.#records('WHERE t.number = $1', [number]);
    return record;
  }

  /** One statement for each set of filters; each end by its own index, so that a warehouse without any costs no walk over all. */
  async latest(options: Parameters<TransferReader['transfers']>[0]): Promise<readonly TransferRecord[]> {
    const { state, warehouse, before = Number.MAX_SAFE_INTEGER, limit } = options;
    const parameters: Parameter[] = [before, limit];
    const given = (value: Parameter) => `$${parameters.push(value)}`;
    const isIn = state === undefined ? '' : `AND state = ${given(state)}`;
    const page = `number < $1 ${isIn}`;
    const latest = (table: string) => `ORDER BY ${table}number DESC LIMIT $2`;
    if (warehouse === undefined) return this.#records(`WHERE ${page} ${latest('t.')}`, parameters);
    const at = given(warehouse);
    return this.#records(
      `WHERE t.number IN (
        (SELECT number FROM transfer WHERE from_warehouse = ${at} AND ${page} ${latest('')})
        UNION (SELECT number FROM transfer WHERE to_warehouse = ${at} AND ${page} ${latest('')}))
      ${latest('t.')}`,
      parameters,
    );
  }

  async underWayTo(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly UnderWay[]> {
    return this.#session.rows<UnderWay>(
      `SELECT t.id AS transfer, t.from_warehouse AS "from", ${UNITS} AS units ${UNDER_WAY} ORDER BY t.number LIMIT $3`,
      [warehouse, sku, limit],
    );
  }

  async openAt(warehouse: WarehouseId): Promise<readonly TransferRecord[]> {
    return this.#records(atEither("state <> 'closed'"), [warehouse]);
  }

  async lateAt(warehouse: WarehouseId, since: number): Promise<readonly TransferRecord[]> {
    return this.#records(atEither("(state <> 'closed' OR changed_at >= $2)"), [warehouse, since]);
  }

  #records(where: string, parameters: readonly Parameter[]): Promise<readonly TransferRecord[]> {
    return this.#session.rows<TransferRecord>(`${TRANSFER} ${where}`, parameters);
  }
}

/** `TransferWriter` on PostgreSQL. */
export class PostgresTransferWriter implements TransferWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async find(id: string, from: WarehouseId): Promise<TransferEnds | undefined> {
    return firstRow<TransferEnds>(
      this.#session,
      `SELECT number, from_warehouse AS "from", to_warehouse AS "to", is_shipped AS "isShipped"
      FROM transfer WHERE id = $1 AND from_warehouse = $2`,
      [id, from],
    );
  }

  async insert({ id, from, to, isShipped }: Parameters<TransferWriter['insert']>[0], now: number): Promise<number> {
    const row = await firstRow<{ number: number }>(
      this.#session,
      `INSERT INTO transfer (id, from_warehouse, to_warehouse, is_shipped, state, first_at, changed_at)
      VALUES ($1, $2, $3, $4, 'shipped', $5, $5) RETURNING number`,
      [id, from, to, isShipped, now],
    );
    return must(row, 'what was inserted has a number').number;
  }

  async redirect(number: number, to: WarehouseId): Promise<void> {
    await this.#session.send('UPDATE transfer SET is_shipped = true, to_warehouse = $2 WHERE number = $1', [
      number,
      to,
    ]);
  }

  async add(transfer: number, { sku, shipped, received, damaged, lost }: TransferLine): Promise<void> {
    await this.#session.send(
      `INSERT INTO transfer_line AS line (transfer, sku, shipped, received, damaged, lost)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (transfer, sku) DO UPDATE SET shipped = line.shipped + excluded.shipped,
        received = line.received + excluded.received, damaged = line.damaged + excluded.damaged,
        lost = line.lost + excluded.lost`,
      [transfer, sku, shipped, received, damaged, lost],
    );
  }

  async settle(number: number, state: TransferStage, now: number): Promise<void> {
    await this.#session.send('UPDATE transfer SET state = $2, changed_at = $3 WHERE number = $1', [number, state, now]);
  }

  async showIncoming(sku: Sku, warehouse: WarehouseId): Promise<boolean> {
    const changed = await firstRow<{ positions: number }>(
      this.#session,
      `WITH way AS (SELECT coalesce(sum(${UNITS}), 0)::bigint AS units ${UNDER_WAY}),
      shown AS (
        INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version,
          sequence, log_sequence, at, suspect, incoming)
        SELECT $2, $1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, units FROM way WHERE units > 0
        ON CONFLICT (sku, warehouse) DO UPDATE SET incoming = excluded.incoming
        WHERE position.incoming <> excluded.incoming
        RETURNING 1),
      cleared AS (
        UPDATE position SET incoming = 0 FROM way
        WHERE way.units = 0 AND sku = $2 AND warehouse = $1 AND incoming <> 0
        RETURNING 1)
      SELECT (SELECT count(*) FROM shown) + (SELECT count(*) FROM cleared) AS positions`,
      [warehouse, sku],
    );
    return changed !== undefined && changed.positions > 0;
  }
}

/** Each end by its own index. */
function atEither(condition: string): string {
  return `WHERE t.number IN (
      SELECT number FROM transfer WHERE ${condition} AND from_warehouse = $1
      UNION SELECT number FROM transfer WHERE ${condition} AND to_warehouse = $1)
    ORDER BY t.number`;
}
