import { availableOf, emptyQuantities, type Quantities } from '@edgestock/shared/inventory/position';
import { arbitraryQuantities } from '@edgestock/shared/testing/arbitraries';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantForRequest, grantOf, mayBeDue } from './grant.ts';

const position = (some: Partial<Quantities>): Quantities => ({ ...emptyQuantities, ...some });

describe('a grant', () => {
  // In order of precedence: what stands above hides what stands below.
  it.each([
    ['nothing while it could not be told', { onHand: 10 }, 100, false, true, 0],
    ['nothing of what is not there', { onHand: -3 }, 100, true, true, 0],
    ['nothing of what is promised', { onHand: 10, reserved: 6, committed: 4 }, 100, true, true, 0],
    ['nothing of what is to be kept', { onHand: 10, safetyStock: 10 }, 100, true, true, 0],
    ['nothing where central gets no share', { onHand: 10 }, 0, true, true, 0],
    ['nothing when the quota is at its target', { onHand: 10, quota: 5 }, 50, true, true, 0],
    ['nothing when the quota is above its target', { onHand: 10, quota: 8 }, 50, true, true, 0],
    ['all of it at a full share', { onHand: 10 }, 100, true, false, 10],
    ['half of it, rounded down, at half a share', { onHand: 11 }, 50, true, false, 5],
    ['nothing when the share of little is less than one', { onHand: 1 }, 50, true, true, 0],
    ['nothing above low water when nothing came', { onHand: 100, quota: 25 }, 100, true, false, 0],
    ['up to the target just below low water', { onHand: 100, quota: 24 }, 100, true, false, 76],
    ['up to the target when stock came', { onHand: 100, quota: 25 }, 100, true, true, 75],
  ])('is %s', (_what, some, sharePercent, isLinkUp, hasGained, units) => {
    expect(grantOf({ position: position(some), sharePercent, isLinkUp, hasGained })).toBe(units);
  });

  it('never exceeds what is available, nor makes a quota above its target, at any size', () => {
    fc.assert(
      fc.property(arbitraryQuantities, fc.nat({ max: 100 }), fc.boolean(), (some, sharePercent, hasGained) => {
        const quantities = {
          ...some,
          reserved: 0,
          committed: 0,
          safetyStock: 0,
          unsellable: 0,
          quota: Math.abs(some.quota),
        };
        const units = grantOf({ position: quantities, sharePercent, isLinkUp: true, hasGained });
        const available = availableOf(quantities);
        fc.pre(Number.isSafeInteger(available + quantities.quota));
        expect(units).toBeGreaterThanOrEqual(0);
        expect(units).toBeLessThanOrEqual(Math.max(0, available));
        if (units === 0) return;
        const target = (BigInt(sharePercent) * BigInt(available + quantities.quota)) / 100n;
        expect(BigInt(quantities.quota + units)).toBeLessThanOrEqual(target);
        // What is sorted out beforehand is never due.
        expect(mayBeDue(quantities, hasGained)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a hint', () => {
  it.each([
    [{ onHand: 10 }, 50, 4, 4],
    [{ onHand: 10, quota: 9 }, 50, 4, 1],
    [{ onHand: 10, quota: 12 }, 50, 4, 0],
    [{ onHand: 10 }, 0, 4, 0],
    [{ onHand: 10 }, 1, 40, 10],
  ])('of a position %o at a share of %i percent for %i units is granted %i', (some, share, requested, units) => {
    expect(grantForRequest(position(some), share, requested)).toBe(units);
  });
});
