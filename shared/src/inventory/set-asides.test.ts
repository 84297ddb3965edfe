import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { arbitraryQuantities } from '../testing/arbitraries.ts';
import { movementKindNames } from './movement.ts';
import { availableOf, deficitOf, emptyQuantities } from './position.ts';
import { withoutSetAsides, withSetAsides } from './set-asides.ts';

const start = {
  ...emptyQuantities,
  onHand: 20,
  reserved: 3,
  committed: 4,
  quota: 5,
  granted: 9,
  allocated: 3,
  returned: 1,
};

describe('what a movement does to the set-asides', () => {
  it.each([
    ['sale', -2, {}],
    ['reserve', 2, { reserved: 5 }],
    ['release', 2, { reserved: 1 }],
    ['commit', 2, { committed: 6 }],
    ['uncommit', 2, { committed: 2 }],
    ['grant', 2, { quota: 7, granted: 11 }],
    ['reclaim', 2, { quota: 3, returned: 3 }],
    ['allocate', 2, { quota: 3, allocated: 5, committed: 6 }],
    ['ship', -2, { committed: 2 }],
    ['transfer-lost', 2, {}],
    ['safety-stock', -2, { safetyStock: -2 }],
  ] as const)('%s of %i', (kind, quantity, changed) => {
    expect(withSetAsides(start, kind, quantity)).toEqual({ ...start, ...changed });
  });

  test.prop([arbitraryQuantities, fc.constantFrom(...movementKindNames), fc.integer({ min: -99, max: 99 })])(
    'is undone by its inverse, and keeps the quota what its totals make it',
    (quantities, kind, quantity) => {
      const small = {
        ...quantities,
        quota: 7,
        granted: 12,
        allocated: 3,
        returned: 2,
        reserved: 1,
        committed: 1,
        safetyStock: 0,
      };
      const after = withSetAsides(small, kind, quantity);
      expect(withoutSetAsides(after, kind, quantity)).toEqual(small);
      expect(after.quota).toBe(after.granted - after.returned - after.allocated);
    },
  );
});

describe('the deficit', () => {
  it('counts promises without goods; safety stock is eaten before anything is missing', () => {
    const covered = { ...emptyQuantities, onHand: 7, reserved: 2, committed: 2, quota: 3, safetyStock: 4 };
    expect([availableOf(covered), deficitOf(covered)]).toEqual([-4, 0]);
    expect(deficitOf({ ...covered, onHand: 5 })).toBe(2);
    expect(deficitOf({ ...covered, unsellable: 3 })).toBe(3);
    // Goods below zero are not promised twice over.
    expect(deficitOf({ ...covered, onHand: -5 })).toBe(7);
  });
});
