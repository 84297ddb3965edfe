import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { type QuotaTerms, termsFor } from '@edgestock/shared/inventory/quota';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { GrantFact } from '../../../rules/grant-fact.ts';
import { isStricter, loosestOf, loosestTerms, overgrantOf, recallOf } from '../../../rules/policy-recall.ts';
import type { UnsettledTable } from '../../tables/epoch-table.ts';
import type { PolicyReader } from '../../tables/policy-table.ts';
import type { DeficitPlace } from '../../tables/position-table.ts';
import type { KnownQuota, QuotaTable, RecallDebt, RecallDebtTable } from '../../tables/quota-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { QuotaReturns } from '../promises/quota-returns.ts';

/** A position, the terms of now, and the loosest that its units may have been granted under. */
export type Stricter = { readonly known: KnownQuota } & Record<'terms' | 'before', QuotaTerms>;

/**
 * Gives back what policy does not allow of a position: at once what nobody was promised, and the rest, which is owed, in the
 * transaction that frees it. Only what a stricter policy wants back is taken: sales at the till leave a quota above its target
 * all the time, and that stays on offer. Of a warehouse that is not settled nothing is given back; what policy wants of it is
 * owed until it is. Inside a transaction of the caller.
 */
export class QuotaRecall {
  readonly #debts: RecallDebtTable;
  readonly #policies: PolicyReader;
  readonly #quota: QuotaTable;
  readonly #returns: QuotaReturns;
  readonly #unsettled: UnsettledTable;

  constructor(
    tables: Tables,
    parts: { readonly quota: QuotaTable; readonly returns: QuotaReturns; readonly unsettled: UnsettledTable },
  ) {
    this.#unsettled = parts.unsettled;
    this.#debts = tables.recallDebts;
    this.#policies = tables.policies;
    this.#quota = parts.quota;
    this.#returns = parts.returns;
  }

  /** Policy has become stricter than `before` for these: takes back all that `terms` do not allow. */
  async recall(warehouse: WarehouseId, stricter: readonly Stricter[]): Promise<void> {
    if (stricter.length === 0) return;
    const debts = await this.#debts.of(
      warehouse,
      stricter.map(({ known }) => known.sku),
    );
    const recalls = stricter.map(({ known, terms, before }) => {
      const debt = debts.get(known.sku);
      return { known, terms, before: debt === undefined ? before : loosestOf(debt.before, before) };
    });
    await this.#take(warehouse, recalls);
  }

  /** Those of the places where something is owed. */
  owing(places: readonly DeficitPlace[]): Awaitable<readonly DeficitPlace[]> {
    return this.#debts.owing(places);
  }

  /**
   * Units that were held are so no more: freed, or sent to the node. What is owed goes back of them, unless policy allows again
   * what it was granted under.
   */
  async settle(warehouse: WarehouseId, sku: Sku): Promise<void> {
    if (await this.#unsettled.has(warehouse)) return;
    const debt = (await this.#debts.of(warehouse, [sku])).get(sku);
    if (debt === undefined) return;
    const known = must((await this.#quota.known(warehouse, [sku]))[0], 'what is owed is of a position');
    const terms = termsFor(await this.#policies.settings(warehouse), await this.#policies.rule(warehouse, sku));
    const unitsMax = isStricter(terms, debt.before) ? debt.units : 0;
    await this.#take(warehouse, [{ known, terms, before: debt.before, unitsMax }]);
  }

  /** A warehouse is settled: what is owed of it goes back as far as it is promised to nobody. */
  async settled(warehouse: WarehouseId): Promise<void> {
    for (const sku of await this.#debts.skusOf(warehouse)) await this.settle(warehouse, sku);
  }

  /** Takes back what a node has granted because it had not heard of the policy of now, as far as that is still too much. */
  async granted(warehouse: WarehouseId, grants: readonly GrantFact[]): Promise<void> {
    const policy = await this.#policies.settings(warehouse);
    const rules = await this.#policies.rulesOf(
      warehouse,
      grants.map(({ sku }) => sku),
    );
    for (const grant of grants) {
      const { sku } = grant;
      const terms = termsFor(policy, rules.get(sku));
      const units = overgrantOf(grant, terms);
      const known = units === 0 ? undefined : (await this.#quota.known(warehouse, [sku]))[0];
      if (known === undefined) continue;
      const debt = (await this.#debts.of(warehouse, [sku])).get(sku);
      const owed = debt !== undefined && isStricter(terms, debt.before) ? debt.units : 0;
      // Under which terms it was decided nobody knows any more: what is owed of it is judged by those at its time alone.
      const by = { terms, before: loosestTerms, unitsMax: owed + units };
      // What is unspent there nobody knows before it is settled: then this is judged again.
      if (await this.#unsettled.has(warehouse))
        await this.#debts.set(warehouse, new Map([[sku, { units: by.unitsMax, before: by.before }]]));
      else await this.#take(warehouse, [{ known, ...by }]);
    }
  }

  async #take(warehouse: WarehouseId, recalls: readonly (Stricter & { readonly unitsMax?: number })[]): Promise<void> {
    const debts = new Map<Sku, RecallDebt>();
    const lines: SkuQuantity[] = [];
    for (const { known, terms, before, unitsMax } of recalls) {
      const { units, owed } = recallOf(known, terms, unitsMax);
      if (units > 0) lines.push({ sku: known.sku, quantity: units });
      debts.set(known.sku, { units: owed, before });
    }
    const given = lines.length === 0 ? [] : await this.#quota.giveBack(warehouse, lines);
    for (const { sku, total } of given) this.#returns.tell(warehouse, sku, total);
    await this.#debts.set(warehouse, debts);
  }
}
