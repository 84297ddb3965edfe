import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import type { Transfer, TransferStage, TransferUnits } from '../rules/transfer.ts';

type TransferRow = Omit<Transfer, 'lines' | 'note' | 'isComplete' | 'closing' | 'plannedAs' | 'shippedAs'> & {
  readonly number: number;
  readonly note: string | null;
  readonly isComplete: number;
  readonly closingReason: string | null;
  readonly closingActor: string | null;
  readonly plannedAs: string | null;
  readonly shippedAs: string | null;
};
type SavedTransfer = Omit<TransferRow, 'number'>;

/** Absent = any. `from` and `to` are warehouses: with this one's id they are the outgoing and the incoming ones. */
export type TransferFilter = {
  /** `open`: neither closed nor cancelled. */
  readonly state?: TransferStage | 'open';
  readonly from?: WarehouseId;
  readonly to?: WarehouseId;
};
/** A page in the order in which the node first knew of them; `next` continues it. */
export type TransferPage = { readonly transfers: readonly Transfer[]; readonly next: number | undefined };

/** What one transfer has of a SKU that is not settled. */
export type TransferShare = {
  readonly transfer: string;
  readonly from: WarehouseId;
  readonly to: WarehouseId;
  readonly state: TransferStage;
  /** Units set aside for it. */
  readonly committed: number;
  /** Units that have left and not arrived. */
  readonly inTransit: number;
};

const COLUMNS = `number, id, from_warehouse AS "from", to_warehouse AS "to", state, note, is_complete AS isComplete,
  closing_reason AS closingReason, closing_actor AS closingActor, planned_as AS plannedAs, shipped_as AS shippedAs,
  made_at AS madeAt, changed_at AS changedAt`;

const OPEN = "state IN ('planned', 'shipped', 'receiving')";
const columnOf = { state: 'state', from: 'from_warehouse', to: 'to_warehouse' } as const;

/** Transfers from and to this warehouse, each as the node itself and central's last word have it. */
export class TransferStore {
  readonly #database: Database;
  readonly #find: Statement<[string, WarehouseId], TransferRow>;
  readonly #named: Statement<[string], TransferRow>;
  readonly #lines: Statement<[number], TransferUnits>;
  readonly #save: Statement<[SavedTransfer], { number: number }>;
  readonly #saveLine: Statement<[{ transfer: number; line: number } & TransferUnits]>;
  readonly #ofSku: Statement<[string, number], TransferShare>;
  readonly #openCount: Statement<[], { open: number }>;
  readonly #pages = new Map<string, Statement<[TransferFilter & { after: number; limit: number }], TransferRow>>();

  constructor(database: Database) {
    this.#database = database;
    this.#find = database.prepare(`SELECT ${COLUMNS} FROM transfer WHERE id = ? AND from_warehouse = ?`);
    this.#named = database.prepare(`SELECT ${COLUMNS} FROM transfer WHERE id = ? ORDER BY number`);
    this.#lines = database.prepare(
      'SELECT sku, planned, shipped, received, damaged, lost FROM transfer_line WHERE transfer = ? ORDER BY line',
    );
    this.#save = database.prepare(`
      INSERT INTO transfer (id, from_warehouse, to_warehouse, state, note, is_complete, closing_reason, closing_actor,
        planned_as, shipped_as, made_at, changed_at)
      VALUES (@id, @from, @to, @state, @note, @isComplete, @closingReason, @closingActor, @plannedAs, @shippedAs, @madeAt,
        @changedAt)
      ON CONFLICT (id, from_warehouse) DO UPDATE SET to_warehouse = excluded.to_warehouse, state = excluded.state,
        is_complete = excluded.is_complete, closing_reason = excluded.closing_reason,
        closing_actor = excluded.closing_actor, shipped_as = excluded.shipped_as, changed_at = excluded.changed_at
      RETURNING number`);
    this.#saveLine = database.prepare(`
      INSERT INTO transfer_line (transfer, sku, line, planned, shipped, received, damaged, lost)
      VALUES (@transfer, @sku, @line, @planned, @shipped, @received, @damaged, @lost)
      ON CONFLICT (transfer, sku) DO UPDATE SET planned = excluded.planned, shipped = excluded.shipped,
        received = excluded.received, damaged = excluded.damaged, lost = excluded.lost`);
    this.#ofSku = database.prepare(`
      SELECT id AS transfer, from_warehouse AS "from", to_warehouse AS "to", state,
        iif(state = 'planned', planned, 0) AS committed, max(0, shipped - received - damaged - lost) AS inTransit
      FROM transfer_line JOIN transfer ON number = transfer
      WHERE sku = ? AND state IN ('planned', 'shipped', 'receiving')
        AND (state = 'planned' OR shipped > received + damaged + lost)
      ORDER BY number LIMIT ?`);
    this.#openCount = database.prepare(`SELECT count(*) AS open FROM transfer WHERE ${OPEN}`);
  }

  find(id: string, from: WarehouseId): Transfer | undefined {
    const row = this.#find.get(id, from);
    return row === undefined ? undefined : this.#transferOf(row);
  }

  /** Of every source that uses the name. */
  named(id: string): readonly Transfer[] {
    return this.#named.all(id).map((row) => this.#transferOf(row));
  }

  /** Writes the transfer as it is now. Who planned it, and what, is the same for ever. */
  save({ lines, note, isComplete, closing, plannedAs, shippedAs, ...transfer }: Transfer): void {
    const saved = this.#save.get({
      ...transfer,
      note: note ?? null,
      isComplete: isComplete ? 1 : 0,
      closingReason: closing?.reason ?? null,
      closingActor: closing?.actor ?? null,
      plannedAs: plannedAs ?? null,
      shippedAs: shippedAs ?? null,
    });
    const { number } = must(saved, 'what is saved has a number');
    for (const [line, units] of lines.entries()) this.#saveLine.run({ transfer: number, line, ...units });
  }

  page(filter: TransferFilter, after: number, limit: number): TransferPage {
    const rows = this.#pageOf(filter).all({ ...filter, after, limit });
    return {
      transfers: rows.map((row) => this.#transferOf(row)),
      next: rows.length === limit ? rows.at(-1)?.number : undefined,
    };
  }

  /** The transfers that have units of a SKU set aside or under way, oldest first. */
  ofSku(sku: Sku, limit: number): readonly TransferShare[] {
    return this.#ofSku.all(sku, limit);
  }

  /** Transfers that are neither closed nor cancelled. */
  openCount(): number {
    return this.#openCount.get()?.open ?? 0;
  }

  #pageOf(filter: TransferFilter): Statement<[TransferFilter & { after: number; limit: number }], TransferRow> {
    const names = (['state', 'from', 'to'] as const).filter((name) => filter[name] !== undefined);
    const isOpen = filter.state === 'open';
    const key = `${names.join()}${isOpen ? ' open' : ''}`;
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    // What is open is little: from there, by the index of states, which a plus leaves as the only one.
    const conditionOf = (name: (typeof names)[number]) =>
      name === 'state' && isOpen ? OPEN : `${isOpen ? '+' : ''}${columnOf[name]} = @${name}`;
    const conditions = [`${isOpen ? '+' : ''}number > @after`, ...names.map(conditionOf)];
    const statement = this.#database.prepare<[TransferFilter & { after: number; limit: number }], TransferRow>(
      `SELECT ${COLUMNS} FROM transfer WHERE ${conditions.join(' AND ')} ORDER BY number LIMIT @limit`,
    );
    this.#pages.set(key, statement);
    return statement;
  }

  #transferOf(row: TransferRow): Transfer {
    const { number, note, isComplete, closingReason, closingActor, plannedAs, shippedAs, ...transfer } = row;
    return {
      ...transfer,
      note: note ?? undefined,
      isComplete: isComplete === 1,
      closing:
        closingReason === null || closingActor === null ? undefined : { reason: closingReason, actor: closingActor },
      plannedAs: plannedAs ?? undefined,
      shippedAs: shippedAs ?? undefined,
      lines: this.#lines.all(number),
    };
  }
}
