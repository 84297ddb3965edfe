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
      'skuu is not a column of a catalogue import; these are: sku, name, barcode, multiple',
      'name=: write name=HEADER, the header in the file',
    ]);
  });
});
