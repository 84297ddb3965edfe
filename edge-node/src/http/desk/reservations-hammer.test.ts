import { availableOf, deficitOf } from '@edgestock/shared/inventory/position';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differencesIn } from '../../testing/differences-in.ts';
import { atOnce, HammeredDoors, tally } from '../../testing/hammered-doors.ts';

const DESKS = 200;

let doors: HammeredDoors;
beforeEach(async () => {
  doors = await HammeredDoors.open(DESKS);
});
afterEach(async () => {
  expect(await differencesIn(doors.site)).toEqual([]);
  await doors.close();
});

const reserve = (index: number, lines: readonly object[]) =>
  doors.post('/v1/reservations', { id: `R${index}`, owner: `customer ${index}`, lines });

describe('200 desks at once (P3)', () => {
  test('on one unit: one has it, and 199 are told so', async () => {
    await doors.receive('TEA', 1);
    const replies = await atOnce(DESKS, (index) => reserve(index, [{ sku: 'TEA', quantity: 1 }]));
    expect(tally(replies)).toEqual({ '201': 1, '409 insufficient': DESKS - 1 });
    expect(doors.site.position('TEA')).toMatchObject({ onHand: 1, reserved: 1 });
  });

  test('on one unit each asking in two lines for two: nobody has it', async () => {
    await doors.receive('TEA', 1);
    const lines = [
      { sku: 'TEA', quantity: 1 },
      { sku: 'TEA', quantity: 1 },
    ];
    expect(tally(await atOnce(DESKS, (index) => reserve(index, lines)))).toEqual({ '409 insufficient': DESKS });
    expect(doors.site.position('TEA').reserved).toBe(0);
  });

  test('on 120 units, each asking for 50 of them in as many lines: two have them whole, and nobody has a part', async () => {
    await doors.receive('TEA', 120);
    const lines = Array.from({ length: 50 }, () => ({ sku: 'TEA', quantity: 1 }));
    const replies = await atOnce(DESKS, (index) => reserve(index, lines));
    expect(tally(replies)).toEqual({ '201': 2, '409 insufficient': DESKS - 2 });
    expect(doors.site.position('TEA')).toMatchObject({ onHand: 120, reserved: 100 });
    expect(doors.log('reserve')).toMatchObject([{ quantity: 50 }, { quantity: 50 }]);
  });

  test('on two SKUs from both ends: as many have both as there are of the scarcer, and nobody has half', async () => {
    await doors.receive('TEA', 7);
    await doors.receive('MUG', 5);
    const [tea, mug] = [
      { sku: 'TEA', quantity: 1 },
      { sku: 'MUG', quantity: 1 },
    ];
    const replies = await atOnce(DESKS, (index) => reserve(index, index % 2 === 0 ? [tea, mug] : [mug, tea]));
    expect(tally(replies)).toEqual({ '201': 5, '409 insufficient': DESKS - 5 });
    expect([doors.site.position('TEA').reserved, doors.site.position('MUG').reserved]).toEqual([5, 5]);
  });

  test('with the same request 200 times: all have the one reservation', async () => {
    await doors.receive('TEA', 5);
    const replies = await atOnce(DESKS, () => reserve(1, [{ sku: 'TEA', quantity: 1 }]));
    expect(tally(replies)).toEqual({ '201': DESKS });
    expect(doors.site.position('TEA').reserved).toBe(1);
  });

  test('beside tills that sell the same stock: no desk ever promises a unit that is not there', async () => {
    const units = 60;
    await doors.receive('TEA', units);
    const replies = await atOnce(DESKS, (index) =>
      index % 5 === 0
        ? doors.post('/v1/sales', { till: 'T1', receipt: `${index}`, lines: [{ sku: 'TEA', quantity: 1 }] })
        : reserve(index, [{ sku: 'TEA', quantity: 2 }]),
    );
    const sales = Math.ceil(DESKS / 5);
    const held = doors.site.position('TEA').reserved / 2;
    expect(tally(replies)).toEqual({ '201': sales + held, '409 insufficient': DESKS - sales - held });
    for (const { position } of doors.log('reserve')) expect(availableOf(position)).toBeGreaterThanOrEqual(0);
    const last = doors.site.position('TEA');
    expect(last.onHand).toBe(units - sales);
    // What tills took that had been promised is an exception (P4).
    const kinds = doors.site.ledger.view.openExceptions(0, 10).map(({ kind }) => kind);
    expect(kinds.includes('negative-available')).toBe(deficitOf(last) > 0);
  });

  test('to confirm, release and take the same reservation: it ends once', async () => {
    await doors.receive('TEA', 3);
    await reserve(1, [{ sku: 'TEA', quantity: 2 }]);
    const replies = await atOnce(DESKS, (index) =>
      index % 2 === 0
        ? doors.post('/v1/reservations/R1/confirm', {})
        : doors.post('/v1/reservations/R1/fulfil', { till: 'T1', receipt: `${index}` }),
    );
    expect(Object.keys(tally(replies)).sort()).toEqual(['200', '409 reservation-state']);
    expect(doors.site.position('TEA')).toMatchObject({ onHand: 1, reserved: 0, committed: 0 });
  });
});
