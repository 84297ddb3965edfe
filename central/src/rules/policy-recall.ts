import type { Quantities } from '@edgestock/shared/inventory/position';
import { type QuotaTerms, quotaTarget } from '@edgestock/shared/inventory/quota';

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
 * Units to give back under terms that have become stricter: what central has beyond the node's own target for its grants, so
 * that the node does not grant it again. Never more than is unspent: what somebody was promised stays promised.
 */
export function recallOf(
  known: {
    /** As the node last told it. */
    readonly position: Quantities;
    /** Units that the node has granted, less what it has allocated and what was ever given back; promised or not. */
    readonly outstanding: number;
    readonly unspent: number;
  },
  { sharePercent, safetyStock }: QuotaTerms,
): number {
  const target = Math.max(0, quotaTarget({ ...known.position, safetyStock }, sharePercent));
  return Math.max(0, Math.min(known.unspent, known.outstanding - target));
}
