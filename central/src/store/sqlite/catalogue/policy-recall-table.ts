import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { PendingRecall, PolicyRecallTable } from '../../tables/policy-table.ts';

type RecallRow = { warehouse: WarehouseId; share_percent: number; safety_stock: number; after_sku: Sku | '' };

export class SqlitePolicyRecallTable implements PolicyRecallTable {
  readonly #get: Statement<[string], RecallRow>;
  readonly #first: Statement<[], RecallRow>;
  readonly #put: Statement<[string, number, number, string]>;
  readonly #end: Statement<[string]>;

  constructor(database: Database) {
    this.#get = database.prepare(
      'SELECT warehouse, share_percent, safety_stock, after_sku FROM policy_recall WHERE warehouse = ?',
    );
    this.#first = database.prepare(
      `SELECT warehouse, share_percent, safety_stock, after_sku FROM policy_recall
      WHERE warehouse NOT IN (SELECT warehouse FROM unsettled) ORDER BY warehouse LIMIT 1`,
    );
    this.#put = database.prepare(`
      INSERT INTO policy_recall (warehouse, share_percent, safety_stock, after_sku) VALUES (?, ?, ?, ?)
      ON CONFLICT (warehouse) DO UPDATE SET
        share_percent = excluded.share_percent, safety_stock = excluded.safety_stock, after_sku = excluded.after_sku`);
    this.#end = database.prepare('DELETE FROM policy_recall WHERE warehouse = ?');
  }

  get(warehouse: WarehouseId): PendingRecall | undefined {
    const row = this.#get.get(warehouse);
    return row && recallOfRow(row);
  }

  first(): PendingRecall | undefined {
    const row = this.#first.get();
    return row && recallOfRow(row);
  }

  put({ warehouse, before, after }: PendingRecall): void {
    this.#put.run(warehouse, before.sharePercent, before.safetyStock, after);
  }

  end(warehouse: WarehouseId): void {
    this.#end.run(warehouse);
  }
}

function recallOfRow(row: RecallRow): PendingRecall {
  const { warehouse, share_percent: sharePercent, safety_stock: safetyStock, after_sku: after } = row;
  return { warehouse, before: { sharePercent, safetyStock }, after };
}
