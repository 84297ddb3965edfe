import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiUnderTest } from '../testing/api-under-test.ts';
import { apiLimits } from './limits.ts';

let central: ApiUnderTest;
beforeEach(async () => {
  central = await ApiUnderTest.start();
  await central.move('BER1', { sku: 'A', quantity: 10 });
});
afterEach(() => central.stop());

const json = async (path: string): Promise<unknown> => (await central.fetch(path)).json();
const put = (items: unknown, more: object = {}) => central.put('/v1/catalogue', { items, ...more });
const told = async () => {
  const status = (await json('/v1/status')) as { directives: { notCarriedOut: Record<string, number> } };
  return status.directives.notCarriedOut.BER1 ?? 0;
};

test('an item is whole, can be read back, and goes into the log down of the nodes it concerns, once', async () => {
  const before = await told();
  const tea = { sku: 'TEA', name: 'Tea', barcodes: [{ barcode: '37600665605', multiple: 12 }] };
  for (const _ of [1, 2]) {
    const answer = await put([tea, { sku: 'a/b %' }]);
    expect([answer.status, await answer.json()]).toEqual([200, { items: 2 }]);
  }
  expect(await told()).toBe(before + 1);
  // In the form in which a node's own import has it: the zeros that a spreadsheet ate are back.
  expect(await json('/v1/catalogue/TEA')).toEqual({
    ...tea,
    barcodes: [{ barcode: '00037600665605', multiple: 12 }],
    warehouses: 'all',
  });
  expect(await json(`/v1/catalogue/${encodeURIComponent('a/b %')}`)).toMatchObject({ sku: 'a/b %', barcodes: [] });
});

test('is listed by pages', async () => {
  await put([{ sku: 'A' }, { sku: 'B', warehouses: ['BER1', 'BER1'] }, { sku: 'C' }]);
  expect(await json('/v1/catalogue?limit=2')).toEqual({
    items: [
      { sku: 'A', barcodes: [], warehouses: 'all' },
      { sku: 'B', barcodes: [], warehouses: ['BER1'] },
    ],
    next: 'B',
  });
  expect(await json('/v1/catalogue?limit=2&after=B')).toMatchObject({ items: [{ sku: 'C' }] });
  expect((await central.fetch(`/v1/catalogue?limit=${apiLimits.cataloguePageMax + 1}`)).status).toBe(400);
  expect(await json('/v1/catalogue/Z')).toMatchObject({ status: 404, code: 'unknown-item' });
});

test.each([
  ['a wrong check digit', [{ sku: 'B', barcodes: [{ barcode: '4006381333932' }] }], 'barcode-invalid', 0],
  ['a rounded number', [{ sku: 'B', barcodes: [{ barcode: '4.00638E+12' }] }], 'barcode-invalid', 0],
  ['one SKU twice', [{ sku: 'B' }, { sku: 'B' }], 'sku-twice', 1],
  [
    'one barcode of two items, written differently',
    [
      { sku: 'B', barcodes: [{ barcode: '37600665605' }] },
      { sku: 'C', barcodes: [{ barcode: '037600665605' }] },
    ],
    'barcode-twice',
    1,
  ],
  [
    'one barcode that means two quantities',
    [
      {
        sku: 'B',
        barcodes: [
          { barcode: 'x', multiple: 1 },
          { barcode: 'x', multiple: 2 },
        ],
      },
    ],
    'barcode-twice',
    0,
  ],
  ['a SKU that is none', [{ sku: 'B' }, { sku: ' ' }], 'sku-malformed', 1],
  ['no units', [{ sku: 'B', barcodes: [{ barcode: 'x', multiple: 0 }] }], 'multiple-invalid', 0],
])('refuses a page with %s by its line, as a whole', async (_, items, code, line) => {
  const response = await put([...items, { sku: 'GOOD' }]);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: 'invalid-request', problems: [{ code, line }] });
  expect((await central.fetch('/v1/catalogue/GOOD')).status).toBe(404);
});

test('keeps a wrong check digit as the shop has it when that is wanted', async () => {
  const items = [{ sku: 'B', barcodes: [{ barcode: '4006381333932' }] }];
  expect((await put(items, { badBarcodes: 'keep' })).status).toBe(200);
  expect(await json('/v1/catalogue/B')).toMatchObject({ barcodes: [{ barcode: '4006381333932', multiple: 1 }] });
});

test('knows no warehouse that was never enrolled, and takes nothing of a page that names one', async () => {
  const response = await put([{ sku: 'B' }, { sku: 'C', warehouses: ['MUC1'] }]);
  expect([response.status, await response.json()]).toMatchObject([404, { code: 'unknown-warehouse' }]);
  expect((await central.fetch('/v1/catalogue/B')).status).toBe(404);
});

test('takes the largest item there can be', async () => {
  const barcodes = Array.from({ length: 100 }, (_, index) => ({
    barcode: `${String(index).padStart(3, '0')}${'\u20ac'.repeat(apiLimits.barcodeCharsMax - 3)}`,
    multiple: apiLimits.barcodeMultipleMax,
  }));
  const largest = { sku: '\u20ac'.repeat(64), name: '\u20ac'.repeat(apiLimits.itemNameCharsMax), barcodes };
  expect((await put([largest])).status).toBe(200);
  expect(await json(`/v1/catalogue/${encodeURIComponent(largest.sku)}`)).toEqual({ ...largest, warehouses: 'all' });
});
