import { hasRightCheckDigit } from '@edgestock/shared/inventory/gtin';
import { parseSku } from '@edgestock/shared/inventory/ids';
import { expect, test } from 'vitest';
import { assortment, catalogueCsv, stockCsv } from './assortment.ts';

test('the assortment has a few hundred articles, each with a name, a SKU and a barcode of its own', () => {
  const articles = assortment();
  expect(articles.length).toBeGreaterThan(300);
  for (const field of ['sku', 'name', 'barcode'] as const) {
    expect(new Set(articles.map((article) => article[field])).size).toBe(articles.length);
  }
  for (const { sku, barcode, opening } of articles) {
    expect(parseSku(sku)).toBe(sku);
    expect(barcode).toMatch(/^2\d{12}$/);
    expect(hasRightCheckDigit(barcode)).toBe(true);
    expect(Number.isSafeInteger(opening) && opening > 0).toBe(true);
  }
});

test('is the same every time, so that a second start imports the same files', () => {
  expect(catalogueCsv(assortment())).toBe(catalogueCsv(assortment()));
  expect(stockCsv(assortment()).split('\n').at(1)).toBe('"COF-001","24"');
});
