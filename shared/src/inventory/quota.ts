import { availableOf, type Quantities } from './position.ts';

/** What policy says of one SKU in one warehouse. */
export type QuotaTerms = {
  /** Of what may be promised, the part granted to central, in percent: 0 to 100. */
  readonly sharePercent: number;
  /** Units kept out of every offer. */
  readonly safetyStock: number;
};

/** What the policy means for one SKU; without a policy nothing is granted. */
export function termsFor(policy: QuotaTerms | undefined, rule: Partial<QuotaTerms> | undefined): QuotaTerms {
  return {
    sharePercent: policy === undefined ? 0 : (rule?.sharePercent ?? policy.sharePercent),
    safetyStock: rule?.safetyStock ?? policy?.safetyStock ?? 0,
  };
}

/**
 * Units of a position that policy means central to have, its safety stock as the position says. One rule for both sides: a node
 * grants up to it, and central gives back what is beyond it, so that neither undoes what the other did.
 */
export function quotaTarget(position: Quantities, sharePercent: number): number {
  return percentOf(availableOf(position) + position.quota, sharePercent);
}

/** Rounded down, and exact for every quantity: nothing is multiplied that would not fit. */
function percentOf(units: number, percent: number): number {
  return Math.floor(units / 100) * percent + Math.floor(((units % 100) * percent) / 100);
}
