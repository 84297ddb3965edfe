import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import type { Database } from 'better-sqlite3';
import type { WarehouseSettings } from '../../../rules/promise-command.ts';
import { directivePages } from '../down/directive-pages.ts';
import type { DownLogWriter } from '../down/down-log.ts';
import { PolicyReader, PolicyWriter } from './policy-table.ts';

/** What a warehouse starts with: a store, half of whose stock central may promise. */
export const defaultSettings: WarehouseSettings = { class: 'store', sharePercent: 50, safetyStock: 0, priority: 100 };

/** Sets policies and tells the nodes, both or neither. What is as it was is not told again. */
export class Policies {
  readonly #reader: PolicyReader;
  readonly #writer: PolicyWriter;
  readonly #downLog: DownLogWriter;

  constructor(database: Database, downLog: DownLogWriter) {
    this.#reader = new PolicyReader(database);
    this.#writer = new PolicyWriter(database);
    this.#downLog = downLog;
  }

  /** A node grants nothing before it has heard a policy: one that has just been enrolled gets the default. */
  introduce(warehouse: WarehouseId): void {
    if (this.#reader.settings(warehouse) === undefined) this.set(warehouse, defaultSettings);
  }

  withoutSettings(): readonly WarehouseId[] {
    return this.#reader.withoutSettings();
  }

  set(warehouse: WarehouseId, settings: WarehouseSettings): void {
    const before = this.#reader.settings(warehouse);
    this.#writer.set(warehouse, settings);
    if (before !== undefined && isSamePolicy(before, settings)) return;
    const { class: kind, sharePercent, safetyStock } = settings;
    const policy = { class: kind, sharePercent, safetyStock };
    this.#downLog.append(warehouse, encodeDirective({ kind: 'policy', policy }));
  }

  /** Of several rules for one SKU the last counts. */
  setRules(warehouse: WarehouseId, rules: readonly SkuPolicy[]): void {
    const latest = new Map(rules.map((rule) => [rule.sku, rule]));
    const changed = [...latest.values()].filter((rule) => {
      const before = this.#reader.rule(warehouse, rule.sku);
      return before?.sharePercent !== rule.sharePercent || before?.safetyStock !== rule.safetyStock;
    });
    for (const rule of changed) this.#writer.setRule(warehouse, rule);
    for (const page of directivePages(changed, (some) => encodeDirective({ kind: 'sku-policy', rules: some }))) {
      this.#downLog.append(warehouse, page);
    }
  }
}

/** The priority is central's own: no node hears of it. */
function isSamePolicy(a: WarehouseSettings, b: WarehouseSettings): boolean {
  return a.class === b.class && a.sharePercent === b.sharePercent && a.safetyStock === b.safetyStock;
}
