import { emptyQuantities, type Quantities } from '@edgestock/shared/inventory/position';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isStricter, loosestOf, loosestTerms, overgrantOf, recallOf } from './policy-recall.ts';

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
    expect(loosestOf(terms(99, 1), loosestTerms)).toEqual(loosestTerms);
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
    const held = outstanding - unspent;
    expect(recallOf({ position: known, outstanding, unspent, held }, under).units).toBe(units);
  });

  it.each([
    [
      'what is held beyond the target',
      { outstanding: 10, unspent: 4, held: 6 },
      terms(20, 0),
      9,
      { units: 4, owed: 2 },
    ],
    ['no more than may be taken', { outstanding: 10, unspent: 4, held: 6 }, terms(0, 0), 7, { units: 4, owed: 3 }],
    [
      'nothing of what the node has under way',
      { outstanding: 10, unspent: 4, held: 1 },
      terms(0, 0),
      9,
      { units: 4, owed: 1 },
    ],
    [
      'nothing where enough is unspent',
      { outstanding: 10, unspent: 7, held: 3 },
      terms(20, 0),
      9,
      { units: 6, owed: 0 },
    ],
    ['nothing where all is allowed', { outstanding: 10, unspent: 0, held: 10 }, terms(50, 0), 9, { units: 0, owed: 0 }],
    [
      'nothing where nothing may be taken',
      { outstanding: 10, unspent: 4, held: 6 },
      terms(0, 0),
      0,
      { units: 0, owed: 0 },
    ],
  ])('owes %s', (_what, known, under, unitsMax, recall) => {
    expect(recallOf({ position: twenty, ...known }, under, unitsMax)).toEqual(recall);
  });

  const units = fc.nat({ max: 1_000 });
  const anyTerms = fc.record({ sharePercent: fc.nat({ max: 100 }), safetyStock: units });

  it('never exceeds what is unspent, and leaves no more than the target unless it is promised', () => {
    fc.assert(
      fc.property(units, units, units, anyTerms, (onHand, quota, promised, under) => {
        const unspent = Math.max(0, quota - promised);
        const known = { position: position({ onHand, quota }), outstanding: quota, unspent, held: quota - unspent };
        const recall = recallOf(known, under);
        expect(recall.units).toBeGreaterThanOrEqual(0);
        expect(recall.units).toBeLessThanOrEqual(unspent);
        const allowed = Math.floor((Math.max(0, onHand - under.safetyStock) * under.sharePercent) / 100);
        expect(quota - recall.units).toBeLessThanOrEqual(Math.max(allowed, quota - unspent));
      }),
    );
  });

  it('is the same units in the end, whenever and in whatever pieces what was held becomes free', () => {
    fc.assert(
      fc.property(
        units,
        units,
        units,
        anyTerms,
        fc.array(fc.nat({ max: 300 })),
        (onHand, quota, promised, under, pieces) => {
          const held = Math.min(quota, promised);
          const start = { position: position({ onHand, quota }), outstanding: quota, unspent: quota - held, held };
          const atOnce = recallOf({ ...start, unspent: quota, held: 0 }, under).units;
          const first = recallOf(start, under);
          let known = { ...start, outstanding: quota - first.units, unspent: start.unspent - first.units };
          let returned = first.units;
          let { owed } = first;
          for (const piece of [...pieces, held]) {
            const freed = Math.min(piece, known.held);
            known = { ...known, unspent: known.unspent + freed, held: known.held - freed };
            const next = recallOf(known, under, owed);
            expect(next.owed).toBeLessThanOrEqual(known.held);
            known = { ...known, outstanding: known.outstanding - next.units, unspent: known.unspent - next.units };
            returned += next.units;
            owed = next.owed;
          }
          expect({ returned, owed }).toEqual({ returned: atOnce, owed: 0 });
        },
      ),
    );
  });
});

describe('of a grant', () => {
  // Twenty on hand, of which ten were granted in the end.
  const granted = position({ onHand: 20, quota: 10, granted: 10 });
  it.each([
    ['nothing is too much under the terms of its decision', 4, terms(50, 0), 0],
    ['nothing is too much under looser ones', 4, terms(100, 0), 0],
    ['what is beyond the target is too much', 4, terms(40, 0), 2],
    ['what was granted is too much, and none of what was there before', 4, terms(10, 0), 4],
    ['all of it is too much where everything is to be kept', 10, terms(50, 30), 10],
    ['the safety stock of now counts, not the one the node knew', 4, terms(50, 4), 2],
  ])('%s', (_what, quantity, under, units) => {
    expect(overgrantOf({ quantity, state: granted }, under)).toBe(units);
  });
});
