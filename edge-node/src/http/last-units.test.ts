import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OpenDoors } from '../testing/open-doors.ts';
import { sku } from '../testing/site.ts';

let asked: (readonly SkuQuantity[])[];
let onAsk: () => Promise<unknown>;
let doors: OpenDoors;

/** Of 10 units central holds 4, and 1 is kept out of every offer: 5 may be promised here. */
beforeEach(async () => {
  asked = [];
  onAsk = async () => undefined;
  doors = new OpenDoors({
    lastUnits: {
      ask: async (lines) => {
        asked.push(lines);
        await onAsk();
      },
    },
  });
  await doors.receive('TEA', 10);
  await doors.receive('MUG', 1);
  await doors.site.direct(
    { kind: 'policy', policy: { class: 'store', sharePercent: 0, safetyStock: 0 } },
    { kind: 'sku-policy', rules: [{ sku: sku('TEA'), sharePercent: 45, safetyStock: 1 }] },
  );
  doors.site.granter.setLive(true);
  await doors.site.granter.idle();
  doors.site.granter.setLive(false);
  expect(doors.site.position('TEA')).toMatchObject({ onHand: 10, quota: 4, safetyStock: 1 });
});
afterEach(() => doors.close());

/** Central gives back what it was asked for, or less: `total` units in all. */
function givesBack(total: number): void {
  onAsk = () => doors.site.record({ type: 'take-back', lines: [{ sku: sku('TEA'), total }] });
}

const wish = (quantity: number) => ({ owner: 'Ada', lines: [{ sku: 'TEA', quantity }] });
const reserve = (quantity: number) => doors.post('/v1/reservations', wish(quantity));
let receipts = 0;
function sell(quantity: number, text = 'TEA') {
  receipts += 1;
  return doors.post('/v1/sales', { till: 'T1', receipt: `${receipts}`, lines: [{ sku: text, quantity }] });
}

describe('a reservation', () => {
  test('that finds enough asks nobody', async () => {
    expect((await reserve(5)).status).toBe(201);
    expect(asked).toEqual([]);
  });

  test('that lacks units asks for those, and is made of what came back', async () => {
    givesBack(2);
    expect((await reserve(7)).status).toBe(201);
    expect(asked).toEqual([[{ sku: 'TEA', quantity: 2 }]]);
    expect(doors.site.position('TEA')).toMatchObject({ reserved: 7, quota: 2 });
    expect((await doors.get('/metrics')).text).toMatch(/edgestock_last_unit_asks_total\{[^}]*\} 1\n/);
  });

  test('is refused when too little came back, with what there is then', async () => {
    givesBack(1);
    const answer = await reserve(7);
    expect([answer.status, answer.body]).toMatchObject([409, { shortages: [{ requested: 7, available: 6 }] }]);
  });

  test('sums its lines before it asks, and asks only for what central can have', async () => {
    const lines = [
      { sku: 'TEA', quantity: 60 },
      { sku: 'MUG', quantity: 3 },
      { sku: 'TEA', quantity: 60 },
    ];
    expect((await doors.post('/v1/reservations', { owner: 'Ada', lines })).status).toBe(409);
    expect(asked).toEqual([[{ sku: 'TEA', quantity: 4 }]]);
  });

  test('sent again asks nobody', async () => {
    const body = { ...wish(5), id: 'R1' };
    await doors.post('/v1/reservations', body);
    expect((await doors.post('/v1/reservations', body)).status).toBe(201);
    expect(asked).toEqual([]);
  });
});

describe('a sale', () => {
  test('that leaves every promise covered asks nobody, and one of a SKU that central has nothing of neither', async () => {
    expect((await sell(6)).body.exceptions).toEqual([]);
    await sell(5, 'MUG');
    expect(asked).toEqual([]);
  });

  test('that would leave central short asks first; what came back opens no exception', async () => {
    givesBack(2);
    const answer = await sell(8);
    expect([answer.status, answer.body.exceptions, asked]).toEqual([201, [], [[{ sku: 'TEA', quantity: 2 }]]]);
    expect(doors.site.position('TEA')).toMatchObject({ onHand: 2, quota: 2 });
  });

  test('is recorded whatever came back (P4), and opens its deficit', async () => {
    const answer = await sell(8);
    expect([answer.status, answer.body.exceptions]).toMatchObject([201, [{ kind: 'negative-available', deficit: 2 }]]);
    expect(asked).toHaveLength(1);
  });

  test('that takes what was reserved asks for nothing of its own', async () => {
    await doors.post('/v1/reservations', { ...wish(5), id: 'R1' });
    const taken = await doors.post('/v1/reservations/R1/fulfil', { till: 'T1', receipt: 'F1' });
    expect([taken.status, asked]).toEqual([200, []]);
  });

  test('a return asks nobody', async () => {
    await doors.post('/v1/returns', { till: 'T1', receipt: 'X', lines: [{ sku: 'TEA', quantity: 90 }] });
    expect(asked).toEqual([]);
  });
});

describe('shipping', () => {
  test('asks first where it would leave central short, and ships in any case', async () => {
    const lines = [{ sku: sku('TEA'), quantity: 2 }];
    await doors.site.direct({ kind: 'allocate', task: 'T-1', order: 'O-1', lines });
    await doors.site.move('scrap', [{ sku: sku('TEA'), quantity: 7 }]);
    const shipped = await doors.post('/v1/tasks/T-1/ship', {});
    expect([shipped.status, asked]).toEqual([200, [[{ sku: 'TEA', quantity: 1 }]]]);
    expect((await doors.post('/v1/tasks/T-1/ship', {})).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  test('asks nobody where goods stand behind every promise', async () => {
    const lines = [{ sku: sku('TEA'), quantity: 2 }];
    await doors.site.direct({ kind: 'allocate', task: 'T-1', order: 'O-1', lines });
    expect((await doors.post('/v1/tasks/T-1/ship', {})).status).toBe(200);
    expect(asked).toEqual([]);
  });
});

describe('shipping what was given up after it had been picked', () => {
  test('asks for what others are promised by now', async () => {
    const lines = [{ sku: sku('TEA'), quantity: 2 }];
    await doors.site.direct({ kind: 'allocate', task: 'T-1', order: 'O-1', lines });
    await doors.post('/v1/tasks/T-1/pick', {});
    await doors.site.direct({ kind: 'release', task: 'T-1', lines, reason: 'cancelled' });
    await doors.site.move('scrap', [{ sku: sku('TEA'), quantity: 7 }]);
    expect((await doors.post('/v1/tasks/T-1/ship', {})).status).toBe(200);
    expect(asked).toEqual([[{ sku: 'TEA', quantity: 1 }]]);
  });
});

describe('a transfer to another warehouse', () => {
  const plan = (quantity: number) =>
    doors.post('/v1/transfers', { id: 'T-1', to: 'HAM1', lines: [{ sku: 'TEA', quantity }] });

  test('that lacks units is planned with what comes back, and refused when it does not suffice', async () => {
    givesBack(1);
    expect((await plan(7)).body.code).toBe('insufficient');
    givesBack(2);
    expect((await plan(7)).status).toBe(201);
    expect(asked).toEqual([[{ sku: 'TEA', quantity: 2 }], [{ sku: 'TEA', quantity: 1 }]]);
    // Repeated, it is there already.
    await plan(7);
    expect(asked).toHaveLength(2);
  });

  test('takes what was planned without a question, and asks for what goes beyond it', async () => {
    await plan(5);
    givesBack(1);
    await doors.post('/v1/transfers/T-1/ship', { lines: [{ sku: 'TEA', quantity: 7 }] });
    expect(asked).toEqual([[{ sku: 'TEA', quantity: 1 }]]);
    expect(doors.site.position('TEA')).toMatchObject({ onHand: 3, committed: 0, quota: 3 });
    await doors.post('/v1/transfers/T-1/ship', { lines: [{ sku: 'TEA', quantity: 7 }] });
    expect(asked).toHaveLength(1);
  });
});
