import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { TaskFacts } from '../../../rules/task-fact.ts';
import type { UnknownTask } from '../../promise-store.ts';
import type { UnknownTaskTable } from '../../tables/order-table.ts';

type Row = {
  warehouse: WarehouseId;
  task: string;
  sku: Sku;
  quantity: number;
  shipped: number;
  givenUp: number;
  heardAt: number;
  releasedAt: number | null;
};

const COLUMNS = `warehouse, task, sku, quantity, shipped, given_up AS givenUp, heard_at AS heardAt, released_at AS releasedAt`;

/**
 * What nodes were told to ship by a central that this one does not remember: it was restored from a backup that is older. Their
 * units are counted in the quota; what is missing is the order. Writes belong inside a transaction of the caller.
 */
export class SqliteUnknownTaskTable implements UnknownTaskTable {
  readonly #of: Statement<[string, string], Row>;
  readonly #open: Statement<[string, string, number], { warehouse: WarehouseId; task: string }>;
  readonly #count: Statement<[], { tasks: number }>;
  readonly #add: Statement<[{ warehouse: string; task: string; sku: string; quantity: number; now: number }]>;
  readonly #ship: Statement<[{ warehouse: string; task: string; sku: string; units: number }]>;
  readonly #giveUp: Statement<[{ warehouse: string; task: string; sku: string; units: number }]>;
  readonly #release: Statement<[number, string, string]>;
  readonly #remove: Statement<[string, string]>;

  constructor(database: Database) {
    this.#of = database.prepare(`SELECT ${COLUMNS} FROM unknown_task WHERE warehouse = ? AND task = ? ORDER BY sku`);
    const isOpen = 'quantity > shipped + given_up';
    this.#open = database.prepare(`
      SELECT DISTINCT warehouse, task FROM unknown_task WHERE ${isOpen} AND (warehouse, task) > (?, ?)
      ORDER BY warehouse, task LIMIT ?`);
    this.#count = database.prepare(
      `SELECT count(*) AS tasks FROM (SELECT DISTINCT warehouse, task FROM unknown_task WHERE ${isOpen})`,
    );
    this.#add = database.prepare(`
      INSERT INTO unknown_task (warehouse, task, sku, quantity, shipped, given_up, heard_at)
      VALUES (@warehouse, @task, @sku, @quantity, 0, 0, @now)
      ON CONFLICT (warehouse, task, sku) DO UPDATE SET quantity = quantity + excluded.quantity`);
    const isRow = 'warehouse = @warehouse AND task = @task AND sku = @sku';
    // What was given up and left all the same was not given up.
    this.#ship = database.prepare(`
      UPDATE unknown_task SET shipped = shipped + @units, given_up = min(given_up, max(0, quantity - shipped - @units))
      WHERE ${isRow}`);
    this.#giveUp = database.prepare(`
      UPDATE unknown_task SET given_up = min(given_up + @units, max(0, quantity - shipped)) WHERE ${isRow}`);
    this.#release = database.prepare('UPDATE unknown_task SET released_at = ? WHERE warehouse = ? AND task = ?');
    this.#remove = database.prepare('DELETE FROM unknown_task WHERE warehouse = ? AND task = ?');
  }

  get(warehouse: WarehouseId, task: string): UnknownTask | undefined {
    const rows = this.#of.all(warehouse, task);
    const [first] = rows;
    if (first === undefined) return undefined;
    const { heardAt, releasedAt } = first;
    const lines = rows.map(({ sku, quantity, shipped, givenUp }) => ({ sku, quantity, shipped, givenUp }));
    return { warehouse, task, heardAt, lines, ...(releasedAt === null ? {} : { releasedAt }) };
  }

  /** Those with something left to ship, in the order of warehouse and task, after a place or from the first. */
  open(after: Pick<UnknownTask, 'warehouse' | 'task'> | undefined, limit: number): readonly UnknownTask[] {
    const places = this.#open.all(after?.warehouse ?? '', after?.task ?? '', limit);
    return places.flatMap(({ warehouse, task }) => this.get(warehouse, task) ?? []);
  }

  /** How many have something left to ship. */
  openCount(): number {
    return this.#count.get()?.tasks ?? 0;
  }

  /** What a node did with a task of no order; documents that were never allocated are the node's own affair. */
  report({ fact, warehouse, task, lines }: TaskFacts, now: number): void {
    for (const { sku, quantity } of lines) {
      if (fact === 'allocate') this.#add.run({ warehouse, task, sku, quantity, now });
      else (fact === 'ship' ? this.#ship : this.#giveUp).run({ warehouse, task, sku, units: quantity });
    }
  }

  released(warehouse: WarehouseId, task: string, now: number): void {
    this.#release.run(now, warehouse, task);
  }

  /** Its order is known again. */
  remove(warehouse: WarehouseId, task: string): void {
    this.#remove.run(warehouse, task);
  }
}
