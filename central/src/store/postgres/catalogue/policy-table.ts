import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import type { WarehouseSettings } from '../../../rules/promise-command.ts';
import type { PolicyReader, PolicyWriter } from '../../tables/policy-table.ts';
import { firstRow, type Session } from '../session.ts';

type SkuPolicyRow = { sku: Sku; share_percent: number | null; safety_stock: number | null };

/** `PolicyReader` on PostgreSQL. */
export class PostgresPolicyReader implements PolicyReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async settings(warehouse: WarehouseId): Promise<WarehouseSettings | undefined> {
    return firstRow<WarehouseSettings>(
      this.#session,
      `SELECT class, share_percent AS "sharePercent", safety_stock AS "safetyStock", priority
      FROM warehouse_settings WHERE warehouse = $1`,
      [warehouse],
    );
  }

  async rule(warehouse: WarehouseId, sku: Sku): Promise<SkuPolicy | undefined> {
    const row = await firstRow<SkuPolicyRow>(
      this.#session,
      'SELECT sku, share_percent, safety_stock FROM sku_policy WHERE warehouse = $1 AND sku = $2',
      [warehouse, sku],
    );
    return row && ruleOf(row);
  }

  async rulesOf(warehouse: WarehouseId, skus: readonly Sku[]): Promise<ReadonlyMap<Sku, SkuPolicy>> {
    const rows = await this.#session.rows<SkuPolicyRow>(
      'SELECT sku, share_percent, safety_stock FROM sku_policy WHERE warehouse = $1 AND sku = ANY ($2::text[])',
      [warehouse, skus],
    );
    return new Map(rows.map((row) => [row.sku, ruleOf(row)]));
  }

  async rules(warehouse: WarehouseId, after: Sku | undefined, limit: number): Promise<readonly SkuPolicy[]> {
    const rows = await this.#session.rows<SkuPolicyRow>(
      `SELECT sku, share_percent, safety_stock FROM sku_policy
      WHERE warehouse = $1 AND sku > $2 ORDER BY sku LIMIT $3`,
      [warehouse, after ?? '', limit],
    );
    return rows.map(ruleOf);
  }

  async withoutSettings(): Promise<readonly WarehouseId[]> {
    const rows = await this.#session.rows<{ warehouse: WarehouseId }>(
      `SELECT warehouse FROM node
      WHERE NOT EXISTS (SELECT 1 FROM warehouse_settings s WHERE s.warehouse = node.warehouse) ORDER BY warehouse`,
    );
    return rows.map(({ warehouse }) => warehouse);
  }
}

/** `PolicyWriter` on PostgreSQL. */
export class PostgresPolicyWriter implements PolicyWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async set(
    warehouse: WarehouseId,
    { class: kind, sharePercent, safetyStock, priority }: WarehouseSettings,
  ): Promise<void> {
    await this.#session.send(
      `INSERT INTO warehouse_settings (warehouse, class, share_percent, safety_stock, priority)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (warehouse) DO UPDATE SET class = excluded.class, share_percent = excluded.share_percent,
        safety_stock = excluded.safety_stock, priority = excluded.priority`,
      [warehouse, kind, sharePercent, safetyStock, priority],
    );
  }

  async setRule(warehouse: WarehouseId, { sku, sharePercent, safetyStock }: SkuPolicy): Promise<void> {
    if (sharePercent === undefined && safetyStock === undefined) {
      await this.#session.send('DELETE FROM sku_policy WHERE warehouse = $1 AND sku = $2', [warehouse, sku]);
      return;
    }
    await this.#session.send(
      `INSERT INTO sku_policy (warehouse, sku, share_percent, safety_stock) VALUES ($1, $2, $3, $4)
      ON CONFLICT (warehouse, sku) DO UPDATE SET
        share_percent = excluded.share_percent, safety_stock = excluded.safety_stock`,
      [warehouse, sku, sharePercent ?? null, safetyStock ?? null],
    );
  }
}

function ruleOf({ sku, share_percent: sharePercent, safety_stock: safetyStock }: SkuPolicyRow): SkuPolicy {
  return {
    sku,
    ...(sharePercent === null ? {} : { sharePercent }),
    ...(safetyStock === null ? {} : { safetyStock }),
  };
}
