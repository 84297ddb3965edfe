import type { PromiseReader } from '@edgestock/central/store/promise-store';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKinds } from '@edgestock/shared/inventory/movement';
import { availableOf, emptyQuantities } from '@edgestock/shared/inventory/position';
import { type QuotaTerms, quotaTarget } from '@edgestock/shared/inventory/quota';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { decodeDirective } from '@edgestock/shared/protocol/directive-codec';

const ALL = { directivesMax: 10_000, bytesMax: Number.MAX_SAFE_INTEGER };

/** From a place of the node's log on: what a target is the share of, the safety stock included. */
type Basis = { readonly sequence: number; readonly units: number };

/** What is known of one position since the last look. */
type Known = {
  readonly bases: Basis[];
  /** Everything of the quota was granted, or let pass by central, on a state from here on. */
  since: number;
  /** Where central's news of it stood at the last look. */
  newsAt: number;
  /** Place in the log down of the last policy that concerns it alone. */
  ruleAt: number;
  /** Central had such a policy, and was put back to where it had none: its node keeps to it all the same. */
  isRuleForgotten: boolean;
};

/** Where a node stands in central's log. */
export type Heard = { readonly centralEpoch: number; readonly sequence: number };

/**
 * Knows the most that policy can have left with central of each position of one node. A grant fills a quota up to the target of
 * its moment; central takes back what is beyond the target by the news it has when a policy comes, when a grant comes that was
 * decided without it, and when units are freed. Sales at the till lower the target and leave the quota. So in the end no
 * quota exceeds the largest target, by the terms of the end, of all states since its last grant that was decided by them, or, if
 * that is earlier, since the news that central had when it made a policy of which that grant knew nothing. A central that was put
 * back has forgotten when that was, and of rules that it has forgotten nothing is asked.
 */
export class QuotaAudit {
  readonly #positions = new Map<Sku, Known>();
  readonly #unbounded = new Set<Sku>();
  #centralEpoch = 1;
  #policyAt = 0;
  #readUpTo = 0;

  /** A movement of the node; `heard`: where the node stood in the log down before it, or earlier. */
  record({ kind, sku, state }: Delta, { sequence, heard }: { readonly sequence: number; readonly heard: Heard }): void {
    const known = this.#known(sku);
    const units = availableOf(state) + state.quota + state.safetyStock;
    if (known.bases.at(-1)?.units !== units) known.bases.push({ sequence, units });
    const isOfThisLog = heard.centralEpoch === this.#centralEpoch;
    const hasHeard = isOfThisLog && heard.sequence >= Math.max(this.#policyAt, known.ruleAt);
    if (kind === movementKinds.grant.code && hasHeard) known.since = sequence;
  }

  /** Central was put back to an earlier state, or has begun another log: it is read anew. */
  forget(): void {
    // Nobody has heard what was not read yet.
    this.#policyAt = Number.POSITIVE_INFINITY;
    this.#readUpTo = 0;
    for (const known of this.#positions.values()) {
      known.since = 0;
      known.isRuleForgotten ||= known.ruleAt > 0;
      known.ruleAt = 0;
    }
  }

  /** What central has decided and heard since the last look. */
  async look(
    store: Pick<PromiseReader, 'directivesAfter'>,
    of: {
      readonly warehouse: WarehouseId;
      readonly centralEpoch: number;
      readonly positions: readonly { readonly sku: Sku; readonly sequence: number }[];
    },
  ): Promise<void> {
    const { warehouse, centralEpoch, positions } = of;
    if (centralEpoch !== this.#centralEpoch) this.forget();
    this.#centralEpoch = centralEpoch;
    if (this.#readUpTo === 0) this.#policyAt = 0;
    const slice = await store.directivesAfter(warehouse, this.#readUpTo, ALL);
    for (const bytes of slice?.directives ?? []) {
      this.#readUpTo += 1;
      const directive = decodeDirective(bytes);
      if (directive?.kind === 'policy') {
        this.#policyAt = this.#readUpTo;
        for (const known of this.#positions.values()) known.since = Math.min(known.since, known.newsAt);
      }
      for (const { sku } of directive?.kind === 'sku-policy' ? directive.rules : []) {
        const known = this.#known(sku);
        known.ruleAt = this.#readUpTo;
        known.isRuleForgotten = false;
        known.since = Math.min(known.since, known.newsAt);
      }
    }
    for (const { sku, sequence } of positions) this.#known(sku).newsAt = sequence;
  }

  /**
   * Central's copy of the position has rotted. What it decided on that number stays decided after the repair: a policy that came
   * meanwhile may have left it more than is allowed, never more than is covered.
   */
  rotted(sku: Sku): void {
    this.#unbounded.add(sku);
  }

  /** What a life of the node had granted that ended is granted still: the states that it was decided on are gone. */
  lost(sku: Sku): void {
    this.#unbounded.add(sku);
  }

  /** That of another log of the node, which is recorded here from its beginning: central's log down is the same. */
  fork(): QuotaAudit {
    const fork = new QuotaAudit();
    fork.#centralEpoch = this.#centralEpoch;
    fork.#policyAt = this.#policyAt;
    fork.#readUpTo = this.#readUpTo;
    for (const sku of this.#unbounded) fork.#unbounded.add(sku);
    for (const [sku, { ruleAt }] of this.#positions) fork.#known(sku).ruleAt = ruleAt;
    return fork;
  }

  /**
   * Units that a position's quota may come to at most; only what is promised may be beyond them. `begin`: where central's log of the
   * node begins with a snapshot. What was granted before is a total there, which nobody held against a policy.
   */
  most(sku: Sku, { sharePercent, safetyStock }: QuotaTerms, begin = 0): number {
    if (this.#unbounded.has(sku)) return Number.MAX_SAFE_INTEGER;
    const { bases, since, isRuleForgotten } = this.#known(sku);
    if (isRuleForgotten || since < begin) return Number.POSITIVE_INFINITY;
    const first = bases.findLastIndex(({ sequence }) => sequence <= since);
    const most = Math.max(0, ...bases.slice(Math.max(0, first)).map(({ units }) => units));
    return Math.max(0, quotaTarget({ ...emptyQuantities, onHand: most, safetyStock }, sharePercent));
  }

  #known(sku: Sku): Known {
    const known = this.#positions.get(sku) ?? { bases: [], since: 0, newsAt: 0, ruleAt: 0, isRuleForgotten: false };
    this.#positions.set(sku, known);
    return known;
  }
}
