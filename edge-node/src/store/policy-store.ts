import type { Sku } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy, WarehouseClass, WarehousePolicy } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';

type PolicyRow = { readonly class: WarehouseClass; readonly sharePercent: number; readonly safetyStock: number };
type RuleRow = { readonly sharePercent: number | null; readonly safetyStock: number | null };

/** Central's policy for this node, and what differs from it for single SKUs. */
export class PolicyStore {
  readonly #find: Statement<[], PolicyRow>;
  readonly #save: Statement<[string, number, number]>;
  readonly #rule: Statement<[string], RuleRow>;
  readonly #saveRule: Statement<[string, number | null, number | null]>;
  readonly #deleteRule: Statement<[string]>;

  constructor(database: Database) {
    this.#find = database.prepare(
      'SELECT class, share_percent AS sharePercent, safety_stock AS safetyStock FROM policy WHERE id = 1',
    );
    this.#save = database.prepare(`
      INSERT INTO policy (id, class, share_percent, safety_stock) VALUES (1, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET class = excluded.class, share_percent = excluded.share_percent,
        safety_stock = excluded.safety_stock`);
    this.#rule = database.prepare(
      'SELECT share_percent AS sharePercent, safety_stock AS safetyStock FROM sku_policy WHERE sku = ?',
    );
    this.#saveRule = database.prepare(`
      INSERT INTO sku_policy (sku, share_percent, safety_stock) VALUES (?, ?, ?)
      ON CONFLICT (sku) DO UPDATE SET share_percent = excluded.share_percent, safety_stock = excluded.safety_stock`);
    this.#deleteRule = database.prepare('DELETE FROM sku_policy WHERE sku = ?');
  }

  /** `undefined` before central's first. */
  find(): WarehousePolicy | undefined {
    return this.#find.get();
  }

  save(policy: WarehousePolicy): void {
    this.#save.run(policy.class, policy.sharePercent, policy.safetyStock);
  }

  rule(sku: Sku): SkuPolicy | undefined {
    const row = this.#rule.get(sku);
    if (row === undefined) return undefined;
    const { sharePercent, safetyStock } = row;
    return {
      sku,
      ...(sharePercent === null ? {} : { sharePercent }),
      ...(safetyStock === null ? {} : { safetyStock }),
    };
  }

  saveRule({ sku, sharePercent, safetyStock }: SkuPolicy): void {
    if (sharePercent === undefined && safetyStock === undefined) this.#deleteRule.run(sku);
    else this.#saveRule.run(sku, sharePercent ?? null, safetyStock ?? null);
  }
}
