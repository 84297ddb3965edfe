import { describe, expect, test } from 'vitest';
import { asyncOf, collect } from '../testing/collect.ts';
import { receiptsOf } from './receipts.ts';

async function idsOf(...numbers: readonly string[]): Promise<readonly string[]> {
  const lines = numbers.map((receipt) => ({ warehouse: 'W1', receipt }));
  return (await collect(receiptsOf(asyncOf(lines)))).map(({ id, lines: { length } }) => `${id}:${length}`);
}

describe('receipts', () => {
  test('are neighbouring lines with one number, down to the last of the file', async () => {
    expect(await idsOf('1', '1', '2', '3', '3')).toEqual(['1:2', '2:1', '3:2']);
    expect(await idsOf()).toEqual([]);
  });

  test('whose number comes again after others are receipts of their own', async () => {
    expect(await idsOf('1', '2', '1', '1', '2', '1')).toEqual(['1:1', '2:1', '1#2:2', '2#2:1', '1#3:1']);
  });

  test('of two warehouses never mix, though their numbers are equal', async () => {
    const lines = [
      { warehouse: 'W1', receipt: '1' },
      { warehouse: 'W2', receipt: '1' },
    ];
    const receipts = await collect(receiptsOf(asyncOf(lines)));
    expect(receipts.map(({ warehouse, id }) => `${warehouse}/${id}`)).toEqual(['W1/1', 'W2/1']);
  });
});
