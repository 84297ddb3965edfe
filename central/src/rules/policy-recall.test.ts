import { emptyQuantities, type Quantities } from '@edgestock/shared/inventory/position';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStricter, loosestOf, recallOf } from './policy-recall.ts';

const terms = (sharePercent: number, safetyStock: number) => ({ sharePercent, safetyStock });
const position = (some: Partial<Quantities>): Quantities => ({ ...emptyQuantities, ...some });

describe('terms', () => {
  it.each([
    ['the same', terms(50, 2), false],
    ['a larger share', terms(51, 2), false],
    ['less safety stock', terms(50, 1), false],
    ['a smaller share', terms(49, 2), true],
    ['more safety stock', terms(50, 3), true],
    ['a smaller share, if less is kept', terms(49, 0), true],
    ['more safety stock, if more is shared', terms(100, 3), true],
  ])('of %s', (_what, now, isSo) => {
    expect(isStricter(now, terms(50, 2))).toBe(isSo);
  });

  it('are loosest where both are', () => {
    expect(loosestOf(terms(50, 2), terms(80, 4))).toEqual(terms(80, 2));
  });
});

describe('a recall', () => {
  // Twenty on hand; ten were granted at half a share.
  const twenty = position({ onHand: 20, quota: 10 });
  it.each([
    ['all of it without a share', twenty, 10, 10, terms(0, 0), 10],
    ['all of it when everything is to be kept', twenty, 10, 10, terms(50, 20), 10],
    ['all of it when more is to be kept than there is', twenty, 10, 10, terms(50, 99), 10],
    ['what is beyond the share of what is left', twenty, 10, 10, terms(50, 10), 5],
    ['what is beyond the smaller share', twenty, 10, 10, terms(20, 0), 6],
    ['nothing that is allowed', twenty, 10, 10, terms(100, 10), 0],
    ['nothing of what is promised', twenty, 10, 0, terms(0, 20), 0],
    ['only what is not promised', twenty, 10, 4, terms(0, 20), 4],
    ['nothing as long as the promises fill the target', twenty, 10, 4, terms(50, 0), 0],
    ['only what is not on its way back already', twenty, 6, 6, terms(20, 0), 2],
    ['all that is unspent where goods are missing', position({ onHand: -3, quota: 10 }), 10, 7, terms(50, 1), 7],
    [
      'less by what is set aside',
      position({ onHand: 20, quota: 10, reserved: 4, committed: 6 }),
      10,
      10,
      terms(50, 0),
      5,
    ],
  ])('is %s', (_what, known, outstanding, unspent, under, units) => {
    expect(recallOf({ position: known, outstanding, unspent }, under)).toBe(units);
  });

  it('never exceeds what is unspent, and leaves no more than the target unless it is promised', () => {
    const units = fc.nat({ max: 1_000 });
    fc.assert(
      fc.property(
        units,
        units,
        units,
        fc.nat({ max: 100 }),
        units,
        (onHand, quota, held, sharePercent, safetyStock) => {
          const unspent = Math.max(0, quota - held);
          const known = { position: position({ onHand, quota }), outstanding: quota, unspent };
          const recalled = recallOf(known, terms(sharePercent, safetyStock));
          expect(recalled).toBeGreaterThanOrEqual(0);
          expect(recalled).toBeLessThanOrEqual(unspent);
          const allowed = Math.floor((Math.max(0, onHand - safetyStock) * sharePercent) / 100);
          expect(quota - recalled).toBeLessThanOrEqual(Math.max(allowed, quota - unspent));
        },
      ),
    );
  });
});
