import { emptyQuantities, type Quantities } from '@edgestock/shared/inventory/position';
import { expect, test } from 'vitest';
import { missingForPromise, missingForSale, missingForShip } from './missing-units.ts';

const position = (some: Partial<Quantities>): Quantities => ({ ...emptyQuantities, ...some });

test.each<[string, Partial<Quantities>, number, number]>([
  ['nothing while enough is available', { onHand: 5, quota: 2 }, 3, 0],
  ['what is not available', { onHand: 5, quota: 3 }, 4, 2],
  ['no more than central can have', { onHand: 5, quota: 3 }, 100, 3],
  ['what is kept out of every offer too', { onHand: 5, quota: 3, safetyStock: 2 }, 1, 1],
  ['nothing where central has nothing', { onHand: 1 }, 4, 0],
  ['what is overdrawn first', { onHand: 1, reserved: 2, quota: 3 }, 1, 3],
])('before a promise, asks for %s', (_, quantities, units, missing) => {
  expect(missingForPromise(position(quantities), units)).toBe(missing);
});

test.each<[string, Partial<Quantities>, number, number]>([
  ['nothing while promises stay covered', { onHand: 5, quota: 2, safetyStock: 3 }, 3, 0],
  ['the promises that no goods would stand behind', { onHand: 5, quota: 4 }, 2, 1],
  ['no more than central can have', { onHand: 5, quota: 2, reserved: 3 }, 5, 2],
  ['nothing where the deficit is not for central to make good', { onHand: 1, reserved: 1 }, 1, 0],
])('before a sale, asks for %s', (_, quantities, units, missing) => {
  expect(missingForSale(position(quantities), units)).toBe(missing);
});

test('before set-aside units leave, asks only for what they leave uncovered', () => {
  expect(missingForShip(position({ onHand: 5, committed: 2, quota: 3 }), 2)).toBe(0);
  expect(missingForShip(position({ onHand: 4, committed: 2, quota: 3 }), 2)).toBe(1);
});
