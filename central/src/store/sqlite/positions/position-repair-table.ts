import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { Database, Statement } from 'better-sqlite3';
import { PLACED_COLUMNS, type PlacedRow, placedOf } from '../../rows/placed-row.ts';
import type { KnownPlacedPosition, PositionRepairTable } from '../../tables/position-table.ts';

/** Quota that central has spent or given back stays counted, whatever a node says: what was promised was promised. */
const GRANTED_MIN = 'position.returned + position.allocated_sent + position.held';

type KnownRow = PlacedRow & { readonly returned: number; readonly allocatedSent: number };

export class SqlitePositionRepairTable implements PositionRepairTable {
  readonly #known: Statement<[string, string], KnownRow>;
  readonly #skusAfter: Statement<[string, string, number], { sku: Sku }>;
  readonly #replace: Statement<[Record<string, string | number>]>;
  readonly #empty: Statement<[string, string]>;
  readonly #advanceLog: Statement<[number, string, string, number]>;
  readonly #stretch: Statement<[string, string, string | null, string | null], { sku: Sku }>;

  constructor(database: Database) {
    this.#known = database.prepare(`
      SELECT ${PLACED_COLUMNS}, returned, allocated_sent AS allocatedSent FROM position WHERE sku = ? AND warehouse = ?`);
    this.#skusAfter = database.prepare(`SELECT sku FROM position WHERE warehouse = ? AND sku > ? ORDER BY sku LIMIT ?`);
    // What is promised beyond the grants of a warehouse that is not settled is taken away when it is.
    this.#replace = database.prepare(`
      INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
        log_sequence, at, suspect, granted, allocated, returned_seen, returned, allocated_sent)
      VALUES (@sku, @warehouse, @onHand, @unsellable, @reserved, @committed, @quota, @safetyStock, @version, @sequence,
        0, @at, 0, @granted, @allocated, @returned, @returned, @allocated)
      ON CONFLICT (sku, warehouse) DO UPDATE SET
        on_hand = excluded.on_hand, unsellable = excluded.unsellable, reserved = excluded.reserved,
        committed = excluded.committed, quota = excluded.quota, safety_stock = excluded.safety_stock,
        version = excluded.version, sequence = excluded.sequence, at = excluded.at, suspect = 0,
        granted = iif(@isSettled, max(excluded.granted, ${GRANTED_MIN}), excluded.granted),
        allocated = excluded.allocated, returned_seen = excluded.returned_seen,
        returned = max(position.returned, excluded.returned),
        allocated_sent = max(position.allocated_sent, excluded.allocated_sent)`);
    this.#empty = database.prepare(`
      UPDATE position SET on_hand = 0, unsellable = 0, reserved = 0, committed = 0, quota = 0, safety_stock = 0, version = 0,
        sequence = 0, suspect = 0, granted = ${GRANTED_MIN}, allocated = 0, returned_seen = 0
      WHERE sku = ? AND warehouse = ?`);
    this.#advanceLog = database.prepare(
      'UPDATE position SET log_sequence = ? WHERE sku = ? AND warehouse = ? AND log_sequence < ?',
    );
    this.#stretch = database.prepare(
      'SELECT sku FROM position WHERE warehouse = ? AND sku > ? AND (? IS NULL OR sku <= ?) AND version > 0',
    );
  }

  known(warehouse: WarehouseId, skus: readonly Sku[]): ReadonlyMap<Sku, KnownPlacedPosition> {
    const found = new Map<Sku, KnownPlacedPosition>();
    for (const sku of skus) {
      const row = this.#known.get(sku, warehouse);
      if (row === undefined) continue;
      const { returned, allocatedSent } = row;
      found.set(sku, { position: placedOf(row), atCentral: { returned, allocatedSent } });
    }
    return found;
  }

  replace(warehouse: WarehouseId, rows: readonly StateRow[], { isSettled }: { readonly isSettled: boolean }): void {
    for (const { sku, state, version, sequence, at } of rows) {
      this.#replace.run({ sku, warehouse, ...state, version, sequence, at, isSettled: isSettled ? 1 : 0 });
    }
  }

  empty(warehouse: WarehouseId, skus: readonly Sku[]): void {
    for (const sku of skus) this.#empty.run(sku, warehouse);
  }

  advanceLog(warehouse: WarehouseId, rows: readonly Pick<StateRow, 'sku' | 'sequence'>[]): void {
    for (const { sku, sequence } of rows) this.#advanceLog.run(sequence, sku, warehouse, sequence);
  }

  between(warehouse: WarehouseId, after: Sku | '', upTo: Sku | undefined): readonly Sku[] {
    return this.#stretch.all(warehouse, after, upTo ?? null, upTo ?? null).map(({ sku }) => sku);
  }

  skusAfter(warehouse: WarehouseId, after: Sku | '', limit: number): readonly Sku[] {
    return this.#skusAfter.all(warehouse, after, limit).map(({ sku }) => sku);
  }
}
