import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { SourcedHold } from '../../../rules/sourcing.ts';
import type { Holder, HoldReader, HoldRow, HoldWriter } from '../../tables/hold-table.ts';

type Key = { kind: string; id: string; sku: string; warehouse: string };

/** Reads what is held, and for whom. */
export class SqliteHoldReader implements HoldReader {
  readonly #of: Statement<[string, string], SourcedHold>;
  readonly #newest: Statement<[string, string, number], HoldRow>;

  constructor(database: Database) {
    this.#of = database.prepare(
      'SELECT sku, warehouse, quantity FROM hold WHERE kind = ? AND holder = ? ORDER BY sku, warehouse',
    );
    this.#newest = database.prepare(`
      SELECT kind, holder AS id, channel, sku, warehouse, quantity FROM hold
      WHERE warehouse = ? AND sku = ? ORDER BY hold.id DESC LIMIT ?`);
  }

  /** In the order of SKU, then warehouse. */
  of({ kind, id }: Holder): readonly SourcedHold[] {
    return this.#of.all(kind, id);
  }

  /** What is held at a position, the newest promise first. */
  newestAt(warehouse: WarehouseId, sku: Sku, limit: number): readonly HoldRow[] {
    return this.#newest.all(warehouse, sku, limit);
  }
}

/** Writes who holds what; the sums in `position` are for `QuotaTable`. Inside a transaction of its caller. */
export class SqliteHoldWriter implements HoldWriter {
  readonly #add: Statement<[Key & { channel: string; quantity: number }]>;
  readonly #reduce: Statement<[Key & { quantity: number }]>;
  readonly #remove: Statement<[Key & { quantity: number }]>;
  readonly #removeAll: Statement<[string, string], SourcedHold>;

  constructor(database: Database) {
    this.#add = database.prepare(`
      INSERT INTO hold (kind, holder, channel, sku, warehouse, quantity)
      VALUES (@kind, @id, @channel, @sku, @warehouse, @quantity)
      ON CONFLICT (kind, holder, sku, warehouse) DO UPDATE SET quantity = hold.quantity + excluded.quantity`);
    const isRow = 'kind = @kind AND holder = @id AND sku = @sku AND warehouse = @warehouse';
    this.#reduce = database.prepare(
      `UPDATE hold SET quantity = quantity - @quantity WHERE ${isRow} AND quantity > @quantity`,
    );
    this.#remove = database.prepare(`DELETE FROM hold WHERE ${isRow} AND quantity = @quantity`);
    this.#removeAll = database.prepare(
      'DELETE FROM hold WHERE kind = ? AND holder = ? RETURNING sku, warehouse, quantity',
    );
  }

  add(row: HoldRow): void {
    this.#add.run(row);
  }

  /** Takes units out of a row, which goes when none are left. */
  reduce({ kind, id, sku, warehouse }: HoldRow, quantity: number): void {
    const key = { kind, id, sku, warehouse, quantity };
    if (this.#reduce.run(key).changes === 0) this.#remove.run(key);
  }

  remove(kind: Holder['kind'], ids: readonly string[]): readonly SourcedHold[] {
    return ids.flatMap((id) => this.#removeAll.all(kind, id));
  }
}
