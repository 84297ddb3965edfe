import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { DeficitPlace } from '../../tables/position-table.ts';
import type { RecallDebt, RecallDebtTable } from '../../tables/quota-table.ts';
import type { Session } from '../session.ts';

type DebtRow = { sku: Sku; units: number; sharePercent: number; safetyStock: number };

/** `RecallDebtTable` on PostgreSQL. */
export class PostgresRecallDebtTable implements RecallDebtTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async of(warehouse: WarehouseId, skus: readonly Sku[]): Promise<ReadonlyMap<Sku, RecallDebt>> {
    const rows = await this.#session.rows<DebtRow>(
      `SELECT sku, units, share_percent AS "sharePercent", safety_stock AS "safetyStock" FROM recall_debt
      WHERE warehouse = $1 AND sku = ANY ($2::text[])`,
      [warehouse, skus],
    );
    return new Map(rows.map(({ sku, units, ...before }) => [sku, { units, before }]));
  }

  async owing(places: readonly DeficitPlace[]): Promise<readonly DeficitPlace[]> {
    return this.#session.rows<DeficitPlace>(
      `SELECT place.sku, place.warehouse
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS place (sku, warehouse, number)
      WHERE EXISTS (SELECT 1 FROM recall_debt d WHERE d.warehouse = place.warehouse AND d.sku = place.sku)
      ORDER BY place.number`,
      [places.map(({ sku }) => sku), places.map(({ warehouse }) => warehouse)],
    );
  }

  async skusOf(warehouse: WarehouseId): Promise<readonly Sku[]> {
    const rows = await this.#session.rows<{ sku: Sku }>(
      'SELECT sku FROM recall_debt WHERE warehouse = $1 ORDER BY sku',
      [warehouse],
    );
    return rows.map(({ sku }) => sku);
  }

  async set(warehouse: WarehouseId, debts: ReadonlyMap<Sku, RecallDebt>): Promise<void> {
    const over = [...debts].filter(([, { units }]) => units === 0).map(([sku]) => sku);
    if (over.length > 0) {
      await this.#session.send('DELETE FROM recall_debt WHERE warehouse = $1 AND sku = ANY ($2::text[])', [
        warehouse,
        over,
      ]);
    }
    const owed = [...debts].filter(([, { units }]) => units > 0);
    if (owed.length === 0) return;
    await this.#session.send(
      `INSERT INTO recall_debt (warehouse, sku, units, share_percent, safety_stock)
      SELECT $1, sku, units, share_percent, safety_stock
      FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS debt (sku, units, share_percent, safety_stock)
      ON CONFLICT (warehouse, sku) DO UPDATE SET
        units = excluded.units, share_percent = excluded.share_percent, safety_stock = excluded.safety_stock`,
      [
        warehouse,
        owed.map(([sku]) => sku),
        owed.map(([, { units }]) => units),
        owed.map(([, { before }]) => before.sharePercent),
        owed.map(([, { before }]) => before.safetyStock),
      ],
    );
  }
}
