import type { Quantities } from '@edgestock/shared/inventory/position';
import { type QuotaTerms, quotaTarget } from '@edgestock/shared/inventory/quota';

/** What central knows of a quota, as far as a recall must know it. */
export type QuotaState = {
  /** As the node last told it. */
  readonly position: Quantities;
  /** Units that the node has granted, less what it has allocated and what was ever given back; promised or not. */
  readonly outstanding: number;
  readonly unspent: number;
  /** Promised, and not sent to the node as an allocation: they may become unspent again. */
  readonly held: number;
};

export type Recall = {
  /** Units to give back now. */
  readonly units: number;
  /** Units to give back as soon as they are promised to nobody any more. */
  readonly owed: number;
};

/** Terms that no others are looser than. */
export const loosestTerms: QuotaTerms = { sharePercent: 100, safetyStock: 0 };

/** Whether the new terms allow central less in any respect, whatever else they allow more of. */
export function isStricter(terms: QuotaTerms, before: QuotaTerms): boolean {
  return terms.sharePercent < before.sharePercent || terms.safetyStock > before.safetyStock;
}

/** Of two terms what allows central most, in each respect. */
export function loosestOf(a: QuotaTerms, b: QuotaTerms): QuotaTerms {
  return {
    sharePercent: Math.max(a.sharePercent, b.sharePercent),
    safetyStock: Math.min(a.safetyStock, b.safetyStock),
  };
}

/**
 * What is to be given back under terms that have become stricter: what central has beyond the node's own target for its grants,
 * so that the node does not grant it again, and of that at most so many. Now never more than is unspent: what somebody was
 * promised stays promised, and of what is held the rest is owed.
 */
export function recallOf(known: QuotaState, terms: QuotaTerms, unitsMax = Number.POSITIVE_INFINITY): Recall {
  const beyond = Math.min(unitsMax, Math.max(0, known.outstanding - targetOf(known.position, terms)));
  const units = Math.max(0, Math.min(known.unspent, beyond));
  return { units, owed: Math.min(known.held, beyond - units) };
}

/**
 * Units of a grant that these terms did not allow: its node had not heard of them when it decided. By the terms of its decision a
 * node never grants beyond its target (`edge-node/src/rules/grant.ts`), so the state that the grant led to says enough; how
 * far the node had heard when it sent the grant would not, since a grant may wait in its log and be sent after the news.
 */
export function overgrantOf(
  grant: { readonly quantity: number; readonly state: Quantities },
  terms: QuotaTerms,
): number {
  return Math.max(0, Math.min(grant.quantity, grant.state.quota - targetOf(grant.state, terms)));
}

function targetOf(position: Quantities, { sharePercent, safetyStock }: QuotaTerms): number {
  return Math.max(0, quotaTarget({ ...position, safetyStock }, sharePercent));
}
