import { overgrantOf, recallOf } from '@edgestock/central/rules/policy-recall';
import { grantOf } from '@edgestock/edge-node/rules/grant';
import { emptyQuantities, type Quantities } from '@edgestock/shared/inventory/position';
import type { QuotaTerms } from '@edgestock/shared/inventory/quota';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const units = fc.nat({ max: 500 });
const few = fc.nat({ max: 60 });
const terms = fc.record({ sharePercent: fc.nat({ max: 100 }), safetyStock: few });
const position = fc
  .record({
    onHand: fc.integer({ min: -20, max: 500 }),
    unsellable: few,
    reserved: few,
    committed: few,
    quota: fc.oneof(few, units),
  })
  .map((some): Quantities => ({ ...emptyQuantities, ...some, granted: some.quota }));

/** As a node does it: first the safety stock of the terms, then what is due of the rest. */
function granting(before: Quantities, { sharePercent, safetyStock }: QuotaTerms, hasGained: boolean) {
  const levelled = { ...before, safetyStock };
  const quantity = grantOf({ position: levelled, sharePercent, isLinkUp: true, hasGained });
  return { quantity, state: withSetAsides(levelled, 'grant', quantity) };
}

// Where these broke, every grant would be followed by a recall, and every recall by a grant, for ever.
describe('what a node grants and central takes back by the same terms', () => {
  test('a grant is never too much', () => {
    let grants = 0;
    fc.assert(
      fc.property(position, terms, fc.boolean(), (before, by, hasGained) => {
        const grant = granting(before, by, hasGained);
        grants += Math.sign(grant.quantity);
        expect(overgrantOf(grant, by)).toBe(0);
        const looser = {
          sharePercent: Math.min(100, by.sharePercent + 7),
          safetyStock: Math.max(0, by.safetyStock - 3),
        };
        expect(overgrantOf(grant, looser)).toBe(0);
      }),
      { numRuns: 1_000 },
    );
    expect(grants).toBeGreaterThan(20);
  });

  test('what was taken back is not granted again, nor what it may still be owed', () => {
    let recalls = 0;
    fc.assert(
      fc.property(position, terms, units, (before, by, promised) => {
        const state = { ...before, safetyStock: by.safetyStock };
        const held = Math.min(state.quota, promised);
        const known = { position: state, outstanding: state.quota, unspent: state.quota - held, held };
        const recall = recallOf(known, by);
        recalls += Math.sign(recall.units);
        const after = withSetAsides(state, 'reclaim', recall.units);
        if (recall.units + recall.owed > 0) expect(granting(after, by, true).quantity).toBe(0);
      }),
      { numRuns: 1_000 },
    );
    expect(recalls).toBeGreaterThan(20);
  });
});
