import { expect, test } from 'vitest';
import { byReceipt, byStore, byStoreOrReceipt, numberedWarehouses } from './destination.ts';

test('the store of a line is its warehouse, if it can be one', () => {
  expect(byStore({ store: '319' })).toBe('319');
  expect(byStore({ store: ' BER1 ' })).toBe('BER1');
  expect(byStore({ store: 'Berlin / Mitte' })).toBeUndefined();
  expect(byStore({ store: '' })).toBeUndefined();
});

test('receipts without stores are spread, and each goes to the same warehouse every time', () => {
  const destination = byReceipt(numberedWarehouses(4));
  const places = Array.from({ length: 400 }, (_, index) => destination({ receipt: String(536_365 + index) }));
  expect(new Set(places)).toEqual(new Set(['W001', 'W002', 'W003', 'W004']));
  for (const place of new Set(places)) expect(places.filter((other) => other === place).length).toBeGreaterThan(60);
  expect(destination({ receipt: '536365' })).toBe(places[0]);
});

test('a line without a store goes by its receipt only where the file has no stores at all', () => {
  const destination = byStoreOrReceipt(['W001']);
  expect(destination({ receipt: '1' })).toBe('W001');
  expect(destination({ receipt: '1', store: '319' })).toBe('319');
  expect(destination({ receipt: '1', store: '' })).toBeUndefined();
});
