import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { DeficitPlace } from '../../tables/position-table.ts';
import type { RecallDebt, RecallDebtTable } from '../../tables/quota-table.ts';

type DebtRow = { units: number; share_percent: number; safety_stock: number };

/** Remembers what is owed, over the lives of central. Inside a transaction of the caller. */
export class SqliteRecallDebtTable implements RecallDebtTable {
  readonly #get: Statement<[string, string], DebtRow>;
  readonly #put: Statement<[string, string, number, number, number]>;
  readonly #forget: Statement<[string, string]>;
  readonly #skusOf: Statement<[string], { sku: Sku }>;

  constructor(database: Database) {
    this.#get = database.prepare(
      'SELECT units, share_percent, safety_stock FROM recall_debt WHERE warehouse = ? AND sku = ?',
    );
    this.#put = database.prepare(`
      INSERT INTO recall_debt (warehouse, sku, units, share_percent, safety_stock) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (warehouse, sku) DO UPDATE SET
        units = excluded.units, share_percent = excluded.share_percent, safety_stock = excluded.safety_stock`);
    this.#forget = database.prepare('DELETE FROM recall_debt WHERE warehouse = ? AND sku = ?');
    this.#skusOf = database.prepare('SELECT sku FROM recall_debt WHERE warehouse = ? ORDER BY sku');
  }

  of(warehouse: WarehouseId, skus: readonly Sku[]): ReadonlyMap<Sku, RecallDebt> {
    const debts = new Map<Sku, RecallDebt>();
    for (const sku of skus) {
      const row = this.#get.get(warehouse, sku);
      if (row === undefined) continue;
      const before = { sharePercent: row.share_percent, safetyStock: row.safety_stock };
      debts.set(sku, { units: row.units, before });
    }
    return debts;
  }

  owing(places: readonly DeficitPlace[]): readonly DeficitPlace[] {
    return places.filter(({ warehouse, sku }) => this.#get.get(warehouse, sku) !== undefined);
  }

  skusOf(warehouse: WarehouseId): readonly Sku[] {
    return this.#skusOf.all(warehouse).map(({ sku }) => sku);
  }

  /** What is owed from now on; no units: nothing. */
  set(warehouse: WarehouseId, debts: ReadonlyMap<Sku, RecallDebt>): void {
    for (const [sku, { units, before }] of debts) {
      if (units === 0) this.#forget.run(warehouse, sku);
      else this.#put.run(warehouse, sku, units, before.sharePercent, before.safetyStock);
    }
  }
}
