import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { RecallDebt, RecallDebtTable } from '../../tables/quota-table.ts';
import { firstRow, type Session } from '../session.ts';

type DebtRow = { units: number; share_percent: number; safety_stock: number };

/** `RecallDebtTable` on PostgreSQL. */
export class PostgresRecallDebtTable implements RecallDebtTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(warehouse: WarehouseId, sku: Sku): Promise<RecallDebt | undefined> {
    const row = await firstRow<DebtRow>(
      this.#session,
      'SELECT units, share_percent, safety_stock FROM recall_debt WHERE warehouse = $1 AND sku = $2',
      [warehouse, sku],
    );
    return row && { units: row.units, before: { sharePercent: row.share_percent, safetyStock: row.safety_stock } };
  }

  async skusOf(warehouse: WarehouseId): Promise<readonly Sku[]> {
    const rows = await this.#session.rows<{ sku: Sku }>(
      'SELECT sku FROM recall_debt WHERE warehouse = $1 ORDER BY sku',
      [warehouse],
    );
    return rows.map(({ sku }) => sku);
  }

  async set(warehouse: WarehouseId, sku: Sku, { units, before }: RecallDebt): Promise<void> {
    if (units === 0) {
      await this.#session.send('DELETE FROM recall_debt WHERE warehouse = $1 AND sku = $2', [warehouse, sku]);
      return;
    }
    await this.#session.send(
      `INSERT INTO recall_debt (warehouse, sku, units, share_percent, safety_stock) VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (warehouse, sku) DO UPDATE SET
        units = excluded.units, share_percent = excluded.share_percent, safety_stock = excluded.safety_stock`,
      [warehouse, sku, units, before.sharePercent, before.safetyStock],
    );
  }
}
