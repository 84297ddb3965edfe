import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { type QuotaTerms, termsFor } from '@edgestock/shared/inventory/quota';
import type { SkuPolicy } from '@edgestock/shared/protocol/directive';
import { centralLimits } from '../../../limits.ts';
import { isStricter, loosestOf, loosestTerms } from '../../../rules/policy-recall.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { PendingRecall, PolicyReader, PolicyRecallTable } from '../../tables/policy-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { QuotaRecall } from './quota-recall.ts';

/**
 * Gives quota back that a stricter policy does not allow any more: without it, a node grants less from then on, but what it had
 * granted before would be offered for ever. Giving back what nobody was promised is safe at any time, so nothing here waits
 * for the node. SKUs with a rule are dealt with in the transaction that stores it; the policy of a warehouse may concern a
 * million positions, so of these the first page is, and the rest page by page by the sweeper. Inside a transaction of the caller.
 */
export class PolicyRecall {
  readonly #pending: PolicyRecallTable;
  readonly #policies: PolicyReader;
  readonly #quota: QuotaTable;
  readonly #recalls: QuotaRecall;

  readonly #unsettled: UnsettledTable;

  constructor(
    tables: Tables,
    parts: { readonly quota: QuotaTable; readonly recalls: QuotaRecall; readonly unsettled: UnsettledTable },
  ) {
    this.#unsettled = parts.unsettled;
    this.#pending = tables.policyRecalls;
    this.#policies = tables.policies;
    this.#quota = parts.quota;
    this.#recalls = parts.recalls;
  }

  /** The policy of a warehouse is no longer `before`; its first page is looked at now. */
  async policyChanged(warehouse: WarehouseId, before: QuotaTerms, now: QuotaTerms): Promise<void> {
    const pending = await this.#pending.get(warehouse);
    const loosest = pending === undefined ? before : loosestOf(pending.before, before);
    const recall = { warehouse, before: loosest, after: '' } as const;
    if (isStricter(now, loosest)) {
      if (await this.#unsettled.has(warehouse)) await this.#pending.put(recall);
      else await this.#page(recall);
    } else if (pending !== undefined) await this.#pending.end(warehouse);
  }

  /** SKUs have another rule than `before`, which may have been none. */
  async rulesChanged(
    warehouse: WarehouseId,
    changes: readonly { readonly before: SkuPolicy | undefined; readonly now: SkuPolicy }[],
  ): Promise<void> {
    // Nothing is given back there yet: once it is settled, all SKUs with a rule are looked at.
    if (await this.#unsettled.has(warehouse)) return;
    const policy = await this.#policies.settings(warehouse);
    // What is still to be looked at has its quota from an earlier policy than today's.
    const policyBefore = (await this.#pending.get(warehouse))?.before ?? policy;
    const recalled = new Map<Sku, Record<'terms' | 'before', QuotaTerms>>();
    for (const { before, now } of changes) {
      const one = { terms: termsFor(policy, now), before: termsFor(policyBefore, before) };
      if (isStricter(one.terms, one.before)) recalled.set(now.sku, one);
    }
    await this.#recall(warehouse, recalled);
  }

  /** A warehouse is settled: SKUs with a rule may have got it while nothing could be given back. */
  async settled(warehouse: WarehouseId): Promise<void> {
    const policy = await this.#policies.settings(warehouse);
    let after: SkuPolicy['sku'] | undefined;
    for (;;) {
      const rules = await this.#policies.rules(warehouse, after, centralLimits.recallPageMax);
      const recalled = rules.map(
        (rule) => [rule.sku, { terms: termsFor(policy, rule), before: loosestTerms }] as const,
      );
      await this.#recall(warehouse, new Map(recalled));
      after = rules.at(-1)?.sku;
      if (after === undefined) return;
    }
  }

  /** Of SKUs that the warehouse has. */
  async #recall(
    warehouse: WarehouseId,
    recalled: ReadonlyMap<Sku, Record<'terms' | 'before', QuotaTerms>>,
  ): Promise<void> {
    const known = recalled.size === 0 ? [] : await this.#quota.known(warehouse, [...recalled.keys()]);
    const stricter = known.flatMap((one) => {
      const by = recalled.get(one.sku);
      return by === undefined ? [] : { known: one, ...by };
    });
    await this.#recalls.recall(warehouse, stricter);
  }

  /** Looks at the next page of some warehouse; tells whether there is more. */
  async next(): Promise<boolean> {
    const pending = await this.#pending.first();
    if (pending === undefined) return false;
    await this.#page(pending);
    return (await this.#pending.first()) !== undefined;
  }

  async #page({ warehouse, before, after }: PendingRecall): Promise<void> {
    const policy = await this.#policies.settings(warehouse);
    const page = await this.#quota.knownAfter(warehouse, after, centralLimits.recallPageMax);
    const rules = await this.#policies.rulesOf(
      warehouse,
      page.map(({ sku }) => sku),
    );
    const recalled = page.map((known) => {
      const rule = rules.get(known.sku);
      return { known, terms: termsFor(policy, rule), before: termsFor(before, rule) };
    });
    // A rule of its own may leave a SKU as it was.
    await this.#recalls.recall(
      warehouse,
      recalled.filter((one) => isStricter(one.terms, one.before)),
    );
    const last = page.length === centralLimits.recallPageMax ? page.at(-1) : undefined;
    if (last === undefined) await this.#pending.end(warehouse);
    else await this.#pending.put({ warehouse, before, after: last.sku });
  }
}
