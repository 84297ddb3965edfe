import { describe, expect, it } from 'vitest';
import { emptyQuantities } from './position.ts';
import { quotaTarget, termsFor } from './quota.ts';

describe('the terms of a SKU', () => {
  const policy = { sharePercent: 50, safetyStock: 2 };
  const rule = (some: { sharePercent?: number; safetyStock?: number }) => some;
  it.each([
    ['no policy', undefined, undefined, 0, 0],
    ['no policy and a rule: nothing is granted', undefined, rule({ sharePercent: 90, safetyStock: 4 }), 0, 4],
    ['the policy', policy, undefined, 50, 2],
    ['a rule for its share', policy, rule({ sharePercent: 0 }), 0, 2],
    ['a rule for its safety stock', policy, rule({ safetyStock: 0 }), 50, 0],
  ])('are those of %s', (_what, whole, own, sharePercent, safetyStock) => {
    expect(termsFor(whole, own)).toEqual({ sharePercent, safetyStock });
  });
});

describe('the quota that policy means', () => {
  it.each([
    ['the share of all that could be offered, granted or not', { onHand: 20, quota: 10 }, 50, 10],
    ['rounded down', { onHand: 11 }, 50, 5],
    ['without what is to be kept', { onHand: 20, safetyStock: 10 }, 50, 5],
    ['without what is promised here or set aside', { onHand: 20, reserved: 4, committed: 6 }, 100, 10],
    ['exact at any size', { onHand: Number.MAX_SAFE_INTEGER }, 100, Number.MAX_SAFE_INTEGER],
  ])('is %s', (_what, some, sharePercent, units) => {
    expect(quotaTarget({ ...emptyQuantities, ...some }, sharePercent)).toBe(units);
  });
});
