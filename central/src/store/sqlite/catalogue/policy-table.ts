import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy, WarehouseClass } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';
import type { WarehouseSettings } from '../../../rules/promise-command.ts';
import type { PolicyReader, PolicyWriter } from '../../tables/policy-table.ts';

type SkuPolicyRow = { sku: Sku; share_percent: number | null; safety_stock: number | null };

export class SqlitePolicyReader implements PolicyReader {
  readonly #settings: Statement<
    [string],
    { class: WarehouseClass; share_percent: number; safety_stock: number; priority: number }
  >;
  readonly #rule: Statement<[string, string], SkuPolicyRow>;
  readonly #rules: Statement<[string, string, number], SkuPolicyRow>;
  readonly #unset: Statement<[], { warehouse: WarehouseId }>;

  constructor(database: Database) {
    this.#settings = database.prepare(
      'SELECT class, share_percent, safety_stock, priority FROM warehouse_settings WHERE warehouse = ?',
    );
    this.#rule = database.prepare(
      'SELECT sku, share_percent, safety_stock FROM sku_policy WHERE warehouse = ? AND sku = ?',
    );
    this.#rules = database.prepare(`
      SELECT sku, share_percent, safety_stock FROM sku_policy
      WHERE warehouse = ? AND sku > ? ORDER BY sku LIMIT ?`);
    this.#unset = database.prepare(`
      SELECT warehouse FROM node WHERE NOT EXISTS
        (SELECT 1 FROM warehouse_settings s WHERE s.warehouse = node.warehouse)
      ORDER BY warehouse`);
  }

  settings(warehouse: WarehouseId): WarehouseSettings | undefined {
    const row = this.#settings.get(warehouse);
    if (row === undefined) return undefined;
    const { class: kind, share_percent: sharePercent, safety_stock: safetyStock, priority } = row;
    return { class: kind, sharePercent, safetyStock, priority };
  }

  rule(warehouse: WarehouseId, sku: Sku): SkuPolicy | undefined {
    const row = this.#rule.get(warehouse, sku);
    return row && ruleOf(row);
  }

  rulesOf(warehouse: WarehouseId, skus: readonly Sku[]): ReadonlyMap<Sku, SkuPolicy> {
    const rows = skus.flatMap((sku) => this.#rule.get(warehouse, sku) ?? []);
    return new Map(rows.map((row) => [row.sku, ruleOf(row)]));
  }

  rules(warehouse: WarehouseId, after: Sku | undefined, limit: number): readonly SkuPolicy[] {
    return this.#rules.all(warehouse, after ?? '', limit).map(ruleOf);
  }

  withoutSettings(): readonly WarehouseId[] {
    return this.#unset.all().map(({ warehouse }) => warehouse);
  }
}

export class SqlitePolicyWriter implements PolicyWriter {
  readonly #set: Statement<[WarehouseSettings & { warehouse: string }]>;
  readonly #setRule: Statement<[string, string, number | null, number | null]>;
  readonly #lift: Statement<[string, string]>;

  constructor(database: Database) {
    this.#set = database.prepare(`
      INSERT INTO warehouse_settings (warehouse, class, share_percent, safety_stock, priority)
      VALUES (@warehouse, @class, @sharePercent, @safetyStock, @priority)
      ON CONFLICT (warehouse) DO UPDATE SET class = excluded.class, share_percent = excluded.share_percent,
        safety_stock = excluded.safety_stock, priority = excluded.priority`);
    this.#setRule = database.prepare(`
      INSERT INTO sku_policy (warehouse, sku, share_percent, safety_stock) VALUES (?, ?, ?, ?)
      ON CONFLICT (warehouse, sku) DO UPDATE SET
        share_percent = excluded.share_percent, safety_stock = excluded.safety_stock`);
    this.#lift = database.prepare('DELETE FROM sku_policy WHERE warehouse = ? AND sku = ?');
  }

  set(warehouse: WarehouseId, { class: kind, sharePercent, safetyStock, priority }: WarehouseSettings): void {
    this.#set.run({ warehouse, class: kind, sharePercent, safetyStock, priority });
  }

  setRule(warehouse: WarehouseId, { sku, sharePercent, safetyStock }: SkuPolicy): void {
    if (sharePercent === undefined && safetyStock === undefined) this.#lift.run(warehouse, sku);
    else this.#setRule.run(warehouse, sku, sharePercent ?? null, safetyStock ?? null);
  }
}

function ruleOf({ sku, share_percent: sharePercent, safety_stock: safetyStock }: SkuPolicyRow): SkuPolicy {
  return {
    sku,
    ...(sharePercent === null ? {} : { sharePercent }),
    ...(safetyStock === null ? {} : { safetyStock }),
  };
}
