import { parseSku, parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, test } from 'vitest';
import { unheard } from './receive-transfer.ts';
import { surplusOf, type TransferStage, withStage, withUnits } from './transfer.ts';

const sku = must(parseSku('A'), 'a SKU');
const other = must(parseSku('B'), 'a SKU');
const [from, to] = ['HAM1', 'BER1'].map((id) => must(parseWarehouseId(id), 'a warehouse id'));
const ends = { from: must(from, 'a source'), to: must(to, 'a destination') };

type Units = readonly [shipped: number, received: number, damaged: number, lost: number];

function transferOf(state: TransferStage, first: Units, second: Units | undefined) {
  const line = (of: typeof sku, [shipped, received, damaged, lost]: Units) => ({
    ...{ sku: of, planned: 5, shipped, received, damaged, lost },
  });
  const lines = [line(sku, first), ...(second === undefined ? [] : [line(other, second)])];
  return { ...unheard({ id: 'T-1', ...ends }, 0), state, lines };
}

describe('a transfer that was', () => {
  test.each<[TransferStage, Units, Units | undefined, TransferStage]>([
    ['planned', [0, 0, 0, 0], undefined, 'planned'],
    ['cancelled', [0, 0, 0, 0], undefined, 'cancelled'],
    // Heard of from the other end, before anybody said here that it left.
    ['planned', [0, 5, 0, 0], undefined, 'planned'],
    ['planned', [5, 0, 0, 0], undefined, 'shipped'],
    // It was loaded all the same.
    ['cancelled', [5, 0, 0, 0], undefined, 'shipped'],
    ['shipped', [5, 4, 0, 0], undefined, 'receiving'],
    ['receiving', [5, 4, 1, 0], undefined, 'closed'],
    ['receiving', [5, 3, 1, 1], undefined, 'closed'],
    ['receiving', [5, 6, 0, 0], undefined, 'receiving'],
    ['receiving', [5, 6, 0, -1], undefined, 'closed'],
    // Nobody has said what was shipped.
    ['receiving', [0, 5, 0, 0], undefined, 'receiving'],
    ['receiving', [0, 0, 0, 0], undefined, 'receiving'],
    // Nor ever will, and it was closed where it arrived.
    ['receiving', [0, 5, 0, -5], undefined, 'closed'],
    ['planned', [0, 5, 0, -5], undefined, 'planned'],
    // More of it was shipped than was known when it was closed.
    ['closed', [6, 5, 0, 0], undefined, 'receiving'],
    ['receiving', [5, 5, 0, 0], [2, 0, 0, 0], 'receiving'],
    // Too much of one SKU does not make good what is missing of another.
    ['receiving', [5, 6, 0, 0], [2, 1, 0, 0], 'receiving'],
    ['receiving', [5, 5, 0, 0], [0, 0, 0, 0], 'closed'],
  ])('%s with %j and %j of shipped, received, damaged and lost is %s', (state, first, second, expected) => {
    expect(withStage(transferOf(state, first, second)).state).toBe(expected);
  });
});

test.each<[Units, number]>([
  [[5, 4, 1, 0], 0],
  [[5, 4, 2, 0], 1],
  [[5, 9, 0, -4], 4],
  [[0, 5, 0, 0], 0],
])('%j is more than was shipped by %i', (units, surplus) => {
  expect(surplusOf(transferOf('receiving', units, undefined), sku)).toBe(surplus);
});

test('units of a SKU that had none get a line of their own', () => {
  const lines = withUnits(withUnits([], sku, { shipped: 2 }), other, { received: 1 });
  expect(withUnits(lines, sku, { shipped: 1, lost: -1 })).toEqual([
    { sku: 'A', planned: 0, shipped: 3, received: 0, damaged: 0, lost: -1 },
    { sku: 'B', planned: 0, shipped: 0, received: 1, damaged: 0, lost: 0 },
  ]);
});
