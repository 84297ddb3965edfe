import { describe, expect, it } from 'vitest';
import { type ColumnMapping, findColumns, parseMapping } from './columns.ts';

const mapping = (text: string) => parseMapping('stock', text) as ColumnMapping;
const found = (header: readonly string[], text = '') => {
  const answer = findColumns('stock', header, mapping(text));
  return answer.outcome === 'found' ? Object.fromEntries(answer.columns) : answer.problems;
};

describe('the columns of a file', () => {
  it('are found by their own names and the usual ones, however they are spelt', () => {
    expect(found(['Item Number', 'QTY', ' Bin ', 'price'])).toEqual({ sku: 0, quantity: 1, bin: 2 });
  });

  it('are found by the mapping where it names one, even where a usual name is there too', () => {
    expect(found(['sku', 'code', 'menge'], 'sku=code,quantity=menge')).toEqual({ sku: 1, quantity: 2 });
  });

  it('are taken by their own name where a usual name is there too', () => {
    expect(found(['code', 'sku', 'stock', 'qty'])).toEqual({ sku: 1, quantity: 3 });
  });

  it.each([
    [
      'sku',
      ['sku', 'qty', 'SKU'],
      '',
      'column 1 (sku) and column 3 (SKU) are both sku: name the one that is meant with --columns sku=HEADER',
    ],
    [
      'quantity',
      ['sku', 'qty', 'qty'],
      '',
      'column 2 (qty) and column 3 (qty) are both quantity: rename all but one of them in the file',
    ],
    [
      'a mapped one',
      ['sku', 'menge', 'menge'],
      'quantity=menge',
      'column 2 (menge) and column 3 (menge) are both quantity: rename all but one of them in the file',
    ],
  ])('of which two are equal are refused, naming both: %s', (_, header, text, problem) => {
    expect(found(header, text)).toContain(problem);
  });

  it('of which two are equal are found all the same where the mapping spells one exactly, or nobody needs them', () => {
    expect(found(['sku', 'qty', 'SKU', 'x', 'x'], 'sku=SKU')).toEqual({ sku: 2, quantity: 1 });
  });

  it('that are missing are named, with all that are there', () => {
    expect(found(['artikel', 'menge'])).toEqual([
      'no column for sku or barcode: name it with --columns sku=HEADER',
      'no column for quantity: name it with --columns quantity=HEADER',
      'the file has these columns: artikel, menge',
    ]);
    expect(found(['sku', 'menge'], 'quantity=Mengen')).toEqual([
      'there is no column Mengen for quantity',
      'the file has these columns: sku, menge',
    ]);
  });
});

describe('a mapping', () => {
  it('that names an unknown column, or no header, is refused with what there is', () => {
    expect(parseMapping('catalogue', 'skuu=code,name=')).toEqual([
      'skuu is not a column of a catalogue import; these are: sku, name, barcode, multiple, warehouses',
      'name=: write name=HEADER, the header in the file',
    ]);
  });
});
