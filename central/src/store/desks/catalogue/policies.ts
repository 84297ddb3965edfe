import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { WarehouseSettings } from '../../../rules/promise-command.ts';
import type { DownLogWriter } from '../../tables/down-table.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { PolicyReader, PolicyWriter } from '../../tables/policy-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';
import { directivePages } from '../down/directive-pages.ts';
import { PolicyRecall } from './policy-recall.ts';
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

  constructor(tables: Tables, parts: PolicyParts) {
    this.#reader = tables.policies;
    this.#writer = tables.policyWriter;
    this.#downLog = parts.downLog;
    this.#recall = new PolicyRecall(tables, parts);
  }

  /** A node grants nothing before it has heard a policy: one that has just been enrolled gets the default. */
  async introduce(warehouse: WarehouseId): Promise<void> {
    if ((await this.#reader.settings(warehouse)) === undefined) await this.set(warehouse, defaultSettings);
  }

  /** The whole policy and every rule once more, to a node that may have heard anything. */
  async tellAgain(warehouse: WarehouseId): Promise<void> {
    const settings = await this.#reader.settings(warehouse);
    if (settings === undefined) {
      await this.introduce(warehouse);
      return;
    }
    await this.#tellPolicy(warehouse, settings);
    for (let after: SkuPolicy['sku'] | undefined; ; ) {
      const rules = await this.#reader.rules(warehouse, after, wireLimits.directiveLinesMax);
      if (rules.length === 0) return;
      await this.#tellRules(warehouse, rules);
      after = rules.at(-1)?.sku;
    }
  }

  withoutSettings(): Awaitable<readonly WarehouseId[]> {
    return this.#reader.withoutSettings();
  }

  async set(warehouse: WarehouseId, settings: WarehouseSettings): Promise<void> {
    const before = await this.#reader.settings(warehouse);
    await this.#writer.set(warehouse, settings);
    if (before !== undefined && isSamePolicy(before, settings)) return;
    await this.#tellPolicy(warehouse, settings);
    if (before !== undefined) await this.#recall.policyChanged(warehouse, before, settings);
  }

  /** Goes on taking back what stricter policies do not allow; tells whether there is more. */
  recallNext(): Promise<boolean> {
    return this.#recall.next();
  }

  /** A warehouse is settled: what its policies do not allow can be taken back now. */
  settled(warehouse: WarehouseId): Promise<void> {
    return this.#recall.settled(warehouse);
  }

  /** Of several rules for one SKU the last counts. */
  async setRules(warehouse: WarehouseId, rules: readonly SkuPolicy[]): Promise<void> {
    const latest = new Map(rules.map((rule) => [rule.sku, rule]));
    const stored = await this.#reader.rulesOf(warehouse, [...latest.keys()]);
    const changes = [...latest.values()].flatMap((now) => {
      const before = stored.get(now.sku);
      const isSame = before?.sharePercent === now.sharePercent && before?.safetyStock === now.safetyStock;
      return isSame ? [] : [{ before, now }];
    });
    const changed = changes.map(({ now }) => now);
    for (const rule of changed) await this.#writer.setRule(warehouse, rule);
    await this.#tellRules(warehouse, changed);
    await this.#recall.rulesChanged(warehouse, changes);
  }

  async #tellPolicy(
    warehouse: WarehouseId,
    { class: kind, sharePercent, safetyStock }: WarehouseSettings,
  ): Promise<void> {
    const policy = { class: kind, sharePercent, safetyStock };
    await this.#downLog.append(warehouse, encodeDirective({ kind: 'policy', policy }));
  }

  async #tellRules(warehouse: WarehouseId, rules: readonly SkuPolicy[]): Promise<void> {
    for (const page of directivePages(rules, (some) => encodeDirective({ kind: 'sku-policy', rules: some }))) {
      await this.#downLog.append(warehouse, page);
    }
  }
}

/** The priority is central's own: no node hears of it. */
function isSamePolicy(a: WarehouseSettings, b: WarehouseSettings): boolean {
  return a.class === b.class && a.sharePercent === b.sharePercent && a.safetyStock === b.safetyStock;
}
