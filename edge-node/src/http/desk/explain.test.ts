import { afterEach, beforeEach, expect, test } from 'vitest';
import { OpenDoors } from '../../testing/open-doors.ts';

let doors: OpenDoors;
beforeEach(async () => {
  doors = new OpenDoors();
  await doors.receive('TEA', 10);
  await doors.receive('MUG', 1);
  await doors.post('/v1/sales', { till: 'T1', receipt: 'R-1', lines: [{ sku: 'TEA', quantity: 3 }] });
});
afterEach(() => doors.close());

test('the movements behind a number, newest first, add up to it', async () => {
  const { status, body } = await doors.get('/v1/stock/TEA/explain');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    sku: 'TEA',
    warehouse: 'BER1',
    atSequence: 3,
    position: { onHand: 7, available: 7 },
    balances: [{ quantity: 7 }],
    openingOnHand: 0,
    movements: [
      { sequence: 3, kind: 'sale', quantity: -3, document: 'T1/R-1' },
      { sequence: 1, kind: 'receive', quantity: 10 },
    ],
  });
});

test('the same for the past', async () => {
  const { body } = await doors.get('/v1/stock/TEA/explain?atSequence=2');
  expect(body).toMatchObject({ atSequence: 2, position: { onHand: 10, sequence: 1 }, movements: [{ sequence: 1 }] });
  expect(body).not.toHaveProperty('balances');
});

test('a long history comes in pages, each with what was there before it', async () => {
  const first = await doors.get('/v1/stock/TEA/explain?limit=1');
  expect(first.body).toMatchObject({ openingOnHand: 10, nextBefore: 3 });
  const second = await doors.get(`/v1/stock/TEA/explain?limit=1&before=${first.body.nextBefore}`);
  expect(second.body.movements).toMatchObject([{ sequence: 1 }]);
  expect(second.body.nextBefore).toBeUndefined();
});

test('an unknown SKU is a 404, an unknown parameter a 400', async () => {
  expect((await doors.get('/v1/stock/NO/explain')).body.code).toBe('unknown-sku');
  expect((await doors.get('/v1/stock/TEA/explain?atsequence=1')).status).toBe(400);
});
