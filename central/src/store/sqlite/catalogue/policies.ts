import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import type { Database } from 'better-sqlite3';
import type { WarehouseSettings } from '../../../rules/promise-command.ts';
import { directivePages } from '../down/directive-pages.ts';
import type { DownLogWriter } from '../down/down-log.ts';
import type { UnsettledTable } from '../epochs/unsettled-table.ts';
import type { QuotaTable } from '../promises/quota-table.ts';
import { PolicyRecall } from './policy-recall.ts';
import { PolicyReader, PolicyWriter } from './policy-table.ts';
import type { QuotaRecall } from './quota-recall.ts';

type PolicyParts = {
  readonly downLog: DownLogWriter;
  readonly quota: QuotaTable;
  readonly recalls: QuotaRecall;
  readonly unsettled: UnsettledTable;
};

/** What a warehouse starts with: a store, half of whose stock central may promise. */
export const defaultSettings: WarehouseSettings = { class: 'store', sharePercent: 50, safetyStock: 0, priority: 100 };

/**
 * Sets policies, tells the nodes, and takes back what a stricter one does not allow: all or nothing of it. What is as it was
 * is not told again.
 */
export class Policies {
  readonly #reader: PolicyReader;
  readonly #writer: PolicyWriter;
  readonly #downLog: DownLogWriter;
  readonly #recall: PolicyRecall;

  constructor(database: Database, parts: PolicyParts) {
    this.#reader = new PolicyReader(database);
    this.#writer = new PolicyWriter(database);
    this.#downLog = parts.downLog;
    this.#recall = new PolicyRecall(database, parts);
  }

  /** A node grants nothing before it has heard a policy: one that has just been enrolled gets the default. */
  introduce(warehouse: WarehouseId): void {
    if (this.#reader.settings(warehouse) === undefined) this.set(warehouse, defaultSettings);
  }

  /** The whole policy and every rule once more, to a node that may have heard anything. */
  tellAgain(warehouse: WarehouseId): void {
    const settings = this.#reader.settings(warehouse);
    if (settings === undefined) {
      this.introduce(warehouse);
      return;
    }
    this.#tellPolicy(warehouse, settings);
    for (let after: SkuPolicy['sku'] | undefined; ; ) {
      const rules = this.#reader.rules(warehouse, after, wireLimits.directiveLinesMax);
      if (rules.length === 0) return;
      this.#tellRules(warehouse, rules);
      after = rules.at(-1)?.sku;
    }
  }

  withoutSettings(): readonly WarehouseId[] {
    return this.#reader.withoutSettings();
  }

  set(warehouse: WarehouseId, settings: WarehouseSettings): void {
    const before = this.#reader.settings(warehouse);
    this.#writer.set(warehouse, settings);
    if (before !== undefined && isSamePolicy(before, settings)) return;
    this.#tellPolicy(warehouse, settings);
    if (before !== undefined) this.#recall.policyChanged(warehouse, before, settings);
  }

  /** Goes on taking back what stricter policies do not allow; tells whether there is more. */
  recallNext(): boolean {
    return this.#recall.next();
  }

  /** A warehouse is settled: what its policies do not allow can be taken back now. */
  settled(warehouse: WarehouseId): void {
    this.#recall.settled(warehouse);
  }

  /** Of several rules for one SKU the last counts. */
  setRules(warehouse: WarehouseId, rules: readonly SkuPolicy[]): void {
    const latest = new Map(rules.map((rule) => [rule.sku, rule]));
    const changes = [...latest.values()].flatMap((now) => {
      const before = this.#reader.rule(warehouse, now.sku);
      const isSame = before?.sharePercent === now.sharePercent && before?.safetyStock === now.safetyStock;
      return isSame ? [] : [{ before, now }];
    });
    const changed = changes.map(({ now }) => now);
    for (const rule of changed) this.#writer.setRule(warehouse, rule);
    this.#tellRules(warehouse, changed);
    this.#recall.rulesChanged(warehouse, changes);
  }

  #tellPolicy(warehouse: WarehouseId, { class: kind, sharePercent, safetyStock }: WarehouseSettings): void {
    const policy = { class: kind, sharePercent, safetyStock };
    this.#downLog.append(warehouse, encodeDirective({ kind: 'policy', policy }));
  }

  #tellRules(warehouse: WarehouseId, rules: readonly SkuPolicy[]): void {
    for (const page of directivePages(rules, (some) => encodeDirective({ kind: 'sku-policy', rules: some }))) {
      this.#downLog.append(warehouse, page);
    }
  }
}

/** The priority is central's own: no node hears of it. */
function isSamePolicy(a: WarehouseSettings, b: WarehouseSettings): boolean {
  return a.class === b.class && a.sharePercent === b.sharePercent && a.safetyStock === b.safetyStock;
}
