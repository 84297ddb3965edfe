import { describe, expect, test } from 'vitest';
import { bindColumns, mappingByName, parseColumnMapping } from './columns.ts';

const header = ['invoice_no', 'stock_code', 'quantity', 'invoice_ts'];

describe('a column mapping', () => {
  test('names the column of each field', () => {
    const mapping = parseColumnMapping('sku=stock_code, quantity=quantity,receipt=invoice_no,at=invoice_ts');
    const line = bindColumns(mapping, header)(7, ['536365', '85123A', '6', '2010-12-01T08:26:00']);
    expect(line).toEqual({ row: 7, sku: '85123A', quantity: '6', receipt: '536365', at: '2010-12-01T08:26:00' });
  });

  test('with a column that is not in the file tells the columns there are', () => {
    const mapping = parseColumnMapping('sku=sku,quantity=quantity,receipt=invoice_no');
    expect(() => bindColumns(mapping, header)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('sku=sku'),
        hint: expect.stringContaining('stock_code'),
      }),
    );
  });

  test('of a name that two columns have is refused, naming both', () => {
    const twice = ['sku', 'receipt', 'quantity', 'sku'];
    expect(() => bindColumns(mappingByName(twice), twice)).toThrow('column 1 and column 4 are both called sku');
  });

  test('without a field that must be there is refused', () => {
    expect(() => bindColumns(parseColumnMapping('sku=stock_code,quantity=quantity'), header)).toThrow(
      'no column is named for receipt',
    );
  });

  test('with a field nobody knows tells the fields there are', () => {
    expect(() => parseColumnMapping('product=stock_code')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('store, sku, quantity') }),
    );
  });

  test('may not name a field twice', () => {
    expect(() => parseColumnMapping('sku=a,sku=b')).toThrow('names sku twice');
  });

  test('is not needed for a file in our own words', () => {
    expect(mappingByName(['sku', 'quantity', 'colour'])).toEqual({ sku: 'sku', quantity: 'quantity' });
  });

  test('a row that is too short has empty cells, not the cells of its neighbours', () => {
    const bind = bindColumns(parseColumnMapping('sku=stock_code,quantity=quantity,receipt=invoice_no'), header);
    expect(bind(1, ['536365'])).toEqual({ row: 1, receipt: '536365', sku: '', quantity: '' });
  });
});
