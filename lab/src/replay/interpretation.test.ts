import { describe, expect, test } from 'vitest';
import { asyncOf, collect } from '../testing/collect.ts';
import type { RawLine } from './columns.ts';
import { noLines, wholeReceipts } from './interpretation.ts';
import { shopOf } from './shop-flags.ts';

const flags = { 'cancellation-prefix': 'C', 'accounting-prefix': 'A', encoding: 'utf8' };
const { interpretation } = shopOf(flags, { spreadOver: ['W1'], isSpread: false });
const served = { ...interpretation, isServed: (warehouse: string) => warehouse === 'S1' };

async function meaningOf(...lines: readonly RawLine[]) {
  const counts = noLines();
  const receipts = await collect(wholeReceipts(asyncOf(lines), served, counts));
  return { receipts, counts };
}
/** Lines of one store, as `receipt quantity`. */
async function idsOf(...lines: readonly string[]): Promise<readonly string[]> {
  const rows = lines.map((line, index) => {
    const [receipt = '', quantity = ''] = line.split(' ');
    return { row: index + 2, store: 'S1', sku: 'tea', quantity, receipt };
  });
  const { receipts } = await meaningOf(...rows);
  return receipts.map(({ id, lines: { length } }) => `${id}:${length}`);
}

describe('the lines of a file', () => {
  test('are counted once each: as goods, as left out, or as refused with the reason', async () => {
    const { receipts, counts } = await meaningOf(
      { row: 2, store: 'S1', sku: 'tea', quantity: '1', receipt: '1', at: '2017-01-01T07:30:27-05:00', till: 'T4' },
      { row: 3, store: 'S1', sku: 'tea', quantity: '0', receipt: '1' },
      { row: 4, store: 'S1', sku: 'POST', quantity: '1', receipt: '1' },
      { row: 5, store: 'S9', sku: 'tea', quantity: '1', receipt: '1' },
      { row: 6, store: 'S1', sku: 'tea', quantity: '1', receipt: '2', at: '2017-01-01T07:30:27' },
      { row: 7, store: 'S1', sku: 'tea', quantity: '1', receipt: '3', at: 'noon' },
      { row: 8, store: 'S 1', sku: 'tea', quantity: '1', receipt: '3' },
    );
    expect(receipts.map(({ id, lines }) => [id, lines.length])).toEqual([
      ['1', 1],
      ['2', 1],
    ]);
    const at = Date.UTC(2017, 0, 1, 12, 30, 27);
    expect(receipts[0]?.lines[0]).toMatchObject({ row: 2, warehouse: 'S1', receipt: '1', till: 'T4', at });
    expect(receipts[1]?.lines[0]).not.toHaveProperty('at');
    const { refusedLines, ...counted } = counts;
    expect(counted).toEqual({
      lines: 7,
      leftOut: { 'quantity-zero': 1, 'not-goods': 1 },
      refused: { 'store-unknown': 1, 'store-malformed': 1, 'receipt-refused': 1 },
      timesNaive: 1,
      timesUnreadable: 1,
    });
    expect(refusedLines.shown).toEqual([
      expect.objectContaining({ line: 5, receipt: '1', warehouse: 'S9', reason: 'store-unknown' }),
      expect.objectContaining({ line: 8, receipt: '3', reason: 'store-malformed' }),
    ]);
  });
});

describe('a receipt', () => {
  test('with one bad line is refused whole, and the others are not', async () => {
    expect(await idsOf('1 1', '2 1', '2 1.5', '2 1', '3 1')).toEqual(['1:1', '3:1']);
  });

  test('with postage, or with a line of quantity 0, is recorded without it', async () => {
    expect(await idsOf('1 1', '1 0', 'A7 x', '1 2')).toEqual(['1:2']);
  });

  test('has the id that it has in the corrected file, whatever was refused before it', async () => {
    expect(await idsOf('1 x', '2 1', '1 1')).toEqual(['2:1', '1#2:1']);
    expect(await idsOf('1 1', '2 x', '1 1')).toEqual(['1:1', '1#2:1']);
  });

  test('beside a line without a number is refused: the line may be of it', async () => {
    expect(await idsOf('1 1', '2 1', ' 1', '3 1', '4 1')).toEqual(['1:1', '4:1']);
    expect(await idsOf(' 1', '1 1', '2 1')).toEqual(['2:1']);
    expect(await idsOf('1 1', '1 1', ' 5')).toEqual([]);
  });

  test('of another store is not touched by a bad line under the same number', async () => {
    const { receipts } = await meaningOf(
      { row: 2, store: 'S9', sku: 'tea', quantity: 'x', receipt: '1' },
      { row: 3, store: 'S1', sku: 'tea', quantity: '1', receipt: '1' },
    );
    expect(receipts.map(({ warehouse, id }) => `${warehouse}/${id}`)).toEqual(['S1/1']);
  });

  test('may begin with a line whose store cannot be read', async () => {
    const { receipts } = await meaningOf(
      { row: 2, store: 'S 1', sku: 'tea', quantity: '1', receipt: '1' },
      { row: 3, store: 'S1', sku: 'tea', quantity: '1', receipt: '1' },
    );
    expect(receipts).toEqual([]);
  });
});
