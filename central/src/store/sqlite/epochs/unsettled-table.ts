import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { UnsettledTable } from '../../tables/epoch-table.ts';

type UnsettledRow = { warehouse: WarehouseId; until: number | null };

/**
 * Warehouses of which nothing is promised for now, since this epoch of central has not all that their nodes know. Kept at hand:
 * this is the only writer, and every change of a position asks. Writes belong inside a transaction of the caller.
 */
export class SqliteUnsettledTable implements UnsettledTable {
  #until: ReadonlyMap<WarehouseId, number | undefined> | undefined;
  #isTouched = false;
  readonly #all: Statement<[], UnsettledRow>;
  readonly #add: Statement<[string]>;
  readonly #addAll: Statement<[]>;
  readonly #state: Statement<[number, string]>;
  readonly #forget: Statement<[string]>;
  readonly #remove: Statement<[string]>;
  readonly #due: Statement<[], { warehouse: WarehouseId }>;

  constructor(database: Database) {
    this.#all = database.prepare('SELECT warehouse, until FROM unsettled');
    this.#add = database.prepare('INSERT INTO unsettled (warehouse) VALUES (?) ON CONFLICT (warehouse) DO NOTHING');
    this.#addAll = database.prepare(`
      INSERT INTO unsettled (warehouse) SELECT warehouse FROM node WHERE true
      ON CONFLICT (warehouse) DO UPDATE SET until = NULL`);
    // The first word counts: what the node records later was decided on what this central says.
    this.#state = database.prepare('UPDATE unsettled SET until = ? WHERE warehouse = ? AND until IS NULL');
    this.#forget = database.prepare('UPDATE unsettled SET until = NULL WHERE warehouse = ?');
    this.#remove = database.prepare('DELETE FROM unsettled WHERE warehouse = ?');
    this.#due = database.prepare(`
      SELECT u.warehouse FROM unsettled u JOIN node n ON n.warehouse = u.warehouse
      WHERE n.applied_up_to >= u.until ORDER BY u.warehouse`);
  }

  /** Forgets what a transaction that failed has left. */
  begin(): void {
    if (this.#isTouched) this.#until = undefined;
    this.#isTouched = false;
  }

  get isEmpty(): boolean {
    return this.#known().size === 0;
  }

  has(warehouse: WarehouseId): boolean {
    return this.#known().has(warehouse);
  }

  add(warehouse: WarehouseId): void {
    this.#add.run(warehouse);
    this.#touch();
  }

  /** Every warehouse, and none of them heard. */
  addAll(): void {
    this.#addAll.run();
    this.#touch();
  }

  /** Its node stands there in this epoch. False when that is no news. */
  state(warehouse: WarehouseId, sequence: number): boolean {
    if (!this.has(warehouse) || this.#known().get(warehouse) !== undefined) return false;
    this.#state.run(sequence, warehouse);
    this.#touch();
    return true;
  }

  /** Another installation goes on for the warehouse, with a log of its own: it has not said yet where it stands. */
  forget(warehouse: WarehouseId): void {
    if (!this.has(warehouse)) return;
    this.#forget.run(warehouse);
    this.#touch();
  }

  /** Those whose node's log central has up to the place that it stated. */
  due(): readonly WarehouseId[] {
    return this.isEmpty ? [] : this.#due.all().map(({ warehouse }) => warehouse);
  }

  remove(warehouse: WarehouseId): void {
    this.#remove.run(warehouse);
    this.#touch();
  }

  #known(): ReadonlyMap<WarehouseId, number | undefined> {
    this.#until ??= new Map(this.#all.all().map(({ warehouse, until }) => [warehouse, until ?? undefined]));
    return this.#until;
  }

  #touch(): void {
    this.#until = undefined;
    this.#isTouched = true;
  }
}
