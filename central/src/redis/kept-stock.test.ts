import { must } from '@edgestock/shared/runtime/assert';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { decodeKept, encodeKept, type KeptStock } from './kept-stock.ts';

const units = fc.integer({ min: -5, max: 2 ** 40 });
const count = fc.nat({ max: 2 ** 40 });
const share = fc.record({
  warehouse: fc.constantFrom('BER1', 'HAM_2').map(warehouseOf),
  ...{ available: units, onHand: units, incoming: units, version: count, sequence: count, isSuspect: fc.boolean() },
});
const kept: fc.Arbitrary<KeptStock> = fc.record({
  channel: fc.constant(DEFAULT_CHANNEL),
  upTo: count,
  stock: fc.record({
    sku: fc.constantFrom('85123A', 'Ä "quoted" \\ sku').map(skuOf),
    ...{ revision: count, available: count, warehouses: fc.array(share, { maxLength: 4 }) },
  }),
});

property.prop([kept])('what is kept is read as it was written', (one) => {
  expect(decodeKept(encodeKept(one))).toEqual(one);
});

property.prop([kept, fc.nat(), fc.string()])('a text cut short or written over is nothing', (one, at, by) => {
  const text = encodeKept(one);
  expect(decodeKept(text.slice(0, at % text.length))).toBeUndefined();
  expect(decodeKept(by)).toBeUndefined();
});

const whole = ['default', 'A', 7, 5, 2, [['BER1', 2, 3, 0, 4, 9, 0]]];
test.each([
  ['the whole of it', whole, true],
  ['a SKU that cannot be one', whole.with(1, 'a,b'), false],
  ['a channel that cannot be one', whole.with(0, 'Web Shop'), false],
  ['a warehouse that cannot be one', whole.with(5, [['BER 1', 2, 3, 0, 4, 9, 0]]), false],
  ['a revision below zero', whole.with(3, -1), false],
  ['less than nothing to promise', whole.with(4, -1), false],
  ['less than nothing at a warehouse', whole.with(5, [['BER1', -2, -3, 0, 4, 9, 0]]), true],
  ['a place below zero in a log', whole.with(5, [['BER1', 2, 3, 0, 4, -9, 0]]), false],
  ['a broken unit', whole.with(4, 0.5), false],
  ['a number as text', whole.with(2, '7'), false],
  ['a field too few', whole.slice(0, 5), false],
  ['a field too many', [...whole, 1], false],
  ['nothing', null, false],
])('%s is read: %o, %o', (_, value, isRead) => {
  expect(decodeKept(must(JSON.stringify(value), 'JSON')) !== undefined).toBe(isRead);
});
