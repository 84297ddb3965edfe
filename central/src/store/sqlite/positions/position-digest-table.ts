import type { PlacedPosition } from '@edgestock/shared/inventory/counted-positions';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import { PLACED_COLUMNS, type PlacedRow, placedOf } from '../../rows/placed-row.ts';
import type { PositionDigestTable } from '../../tables/position-table.ts';

export class SqlitePositionDigestTable implements PositionDigestTable {
  readonly #page: Statement<[string, string, number], PlacedRow & { sku: Sku }>;
  readonly #placeByLog: Statement<[string, number]>;

  constructor(database: Database) {
    this.#page = database.prepare(
      `SELECT sku, ${PLACED_COLUMNS} FROM position WHERE warehouse = ? AND sku > ? AND version > 0 ORDER BY sku LIMIT ?`,
    );
    // Whatever comes next is newer.
    this.#placeByLog = database.prepare(
      'UPDATE position SET sequence = log_sequence WHERE warehouse = ? AND sequence > ?',
    );
  }

  /** There is one writer. */
  isTakenOver(): boolean {
    return false;
  }

  page(
    warehouse: WarehouseId,
    after: Sku | '',
    limit: number,
  ): readonly { readonly sku: Sku; readonly position: PlacedPosition }[] {
    return this.#page.all(warehouse, after, limit).map((row) => ({ sku: row.sku, position: placedOf(row) }));
  }

  placeByLog(warehouse: WarehouseId, beyond: number): number {
    return this.#placeByLog.run(warehouse, beyond).changes;
  }
}
