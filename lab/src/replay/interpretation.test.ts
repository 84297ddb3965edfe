import { expect, test } from 'vitest';
import { asyncOf, collect } from '../testing/collect.ts';
import { goodsLines, noLines } from './interpretation.ts';
import { shopOf } from './shop-flags.ts';

const flags = { 'cancellation-prefix': 'C', 'accounting-prefix': 'A', encoding: 'utf8' };
const { interpretation } = shopOf(flags, { spreadOver: ['W1'], isSpread: false });

test('every line is counted once, as goods or as refused with its reason', async () => {
  const counts = noLines();
  const lines = [
    { row: 2, store: 'S1', sku: 'tea', quantity: '1', receipt: '1', at: '2017-01-01T07:30:27-05:00', till: 'T4' },
    { row: 3, store: 'S1', sku: 'tea', quantity: '0', receipt: '1' },
    { row: 4, store: 'S 1', sku: 'tea', quantity: '1', receipt: '1' },
    { row: 5, store: 'S9', sku: 'tea', quantity: '1', receipt: '1' },
    { row: 6, store: 'S1', sku: 'POST', quantity: '1', receipt: '1' },
    { row: 7, store: 'S1', sku: 'tea', quantity: '1', receipt: '2', at: '2017-01-01T07:30:27' },
    { row: 8, store: 'S1', sku: 'tea', quantity: '1', receipt: '3', at: 'noon' },
  ];
  const served = { ...interpretation, isServed: (warehouse: string) => warehouse === 'S1' };
  const goods = await collect(goodsLines(asyncOf(lines), served, counts));
  expect(goods).toHaveLength(3);
  expect(goods[0]).toMatchObject({ warehouse: 'S1', receipt: '1', till: 'T4', at: Date.UTC(2017, 0, 1, 12, 30, 27) });
  expect(goods[1]).not.toHaveProperty('at');
  expect(counts).toEqual({
    lines: 7,
    goods: 3,
    refused: { 'quantity-zero': 1, 'store-malformed': 1, 'store-unknown': 1, 'not-goods': 1 },
    timesNaive: 1,
    timesUnreadable: 1,
  });
});
