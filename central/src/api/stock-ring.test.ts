import type { Sku } from '@edgestock/shared/inventory/ids';
import { fc, test as property } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import type { OfferedStock } from '../store/central-store.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { StockRing } from './stock-ring.ts';

const KIB = 1_024;
/** As large as a position may be, and beyond what fits 32 bits either way. */
const units = fc.integer({ min: -(2 ** 42), max: 2 ** 42 });
const share = fc.record({
  warehouse: fc.constantFrom('BER1', 'HAM1', 'MUC1', 'x-_9').map(warehouseOf),
  available: units,
  onHand: units,
  incoming: units,
  version: fc.maxSafeNat(),
  sequence: fc.maxSafeNat(),
  isSuspect: fc.boolean(),
});
const skus = ['A', 'B', 'AB', 'a', 'grün', '価格', 'x'.repeat(64)].map(skuOf);
const stock = fc.record({
  sku: fc.constantFrom(...skus),
  available: fc.maxSafeNat(),
  revision: fc.maxSafeNat(),
  warehouses: fc.array(share, { maxLength: 12 }),
});
const step = fc.oneof(
  { weight: 8, arbitrary: stock.map((kept) => ({ doing: 'set' as const, kept })) },
  { weight: 1, arbitrary: fc.constantFrom(...skus).map((sku) => ({ doing: 'delete' as const, sku })) },
  { weight: 1, arbitrary: fc.constant({ doing: 'clear' as const }) },
);

property.prop([fc.array(step, { maxLength: 200 })])(
  'has what was set last or nothing, whatever was overwritten, deleted or forgotten',
  (steps) => {
    const ring = new StockRing(16 * KIB);
    const model = new Map<Sku, OfferedStock>();
    for (const one of steps) {
      if (one.doing === 'set') {
        ring.set(one.kept.sku, one.kept);
        model.set(one.kept.sku, one.kept);
        // What was written last has not been overwritten by anything.
        expect(ring.get(one.kept.sku, one.kept.sku)).toEqual(one.kept);
      } else if (one.doing === 'delete') {
        ring.delete(one.sku);
        model.delete(one.sku);
      } else {
        ring.clear();
        model.clear();
      }
      for (const sku of skus) {
        const kept = ring.get(sku, sku);
        if (kept !== undefined) expect(kept).toEqual(model.get(sku));
        expect(ring.revisionOf(sku)).toBe(kept?.revision);
      }
    }
  },
);

function plain(index: number, warehouses: number): OfferedStock {
  const of = Array.from({ length: warehouses }, (_, at) => ({
    warehouse: warehouseOf(`W${at}`),
    ...{ available: 5, onHand: 90 + index, incoming: 0, version: 3, sequence: 1_000 + index, isSuspect: false },
  }));
  return { sku: skuOf(`SKU-${index}`), available: 50, revision: index, warehouses: of };
}

it('keeps a thousand SKUs in the bytes it was given, and of more those that were set last', () => {
  const ring = new StockRing(256 * KIB);
  const isKept = (index: number) => ring.get(`SKU-${index}`, skuOf(`SKU-${index}`)) !== undefined;
  const keptOf = (count: number) => Array.from({ length: count }, (_, index) => index).filter(isKept);
  for (let index = 0; index < 1_000; index += 1) ring.set(`SKU-${index}`, plain(index, 10));
  // A set of the table may be full by chance.
  expect(keptOf(1_000).length).toBeGreaterThan(980);
  for (let index = 1_000; index < 20_000; index += 1) ring.set(`SKU-${index}`, plain(index, 10));
  const kept = keptOf(20_000);
  expect(kept.length).toBeGreaterThan(1_500);
  expect(Math.min(...kept)).toBeGreaterThan(20_000 - 3_000);
});

it('does not keep what would take most of its room, nor what was kept before of the same SKU', () => {
  const ring = new StockRing(4 * KIB);
  ring.set('SKU-1', plain(1, 1));
  ring.set('SKU-1', plain(1, 100));
  expect(ring.get('SKU-1', skuOf('SKU-1'))).toBeUndefined();
});

it('is not misled by a place that a later stock of the same SKU has taken, many turns of the ring later', () => {
  // Stocks of one size, so that the same places are taken again in every turn, and more places in the table than the ring has stocks.
  const ring = new StockRing(32 * KIB);
  for (let turn = 0; turn < 20_000; turn += 1) {
    const index = 100 + ((turn * turn + 7 * turn) % 151) + (turn % 3);
    const key = `SKU-${index}`;
    ring.set(key, { ...plain(index, 25), revision: 1_000 + index });
    expect(ring.revisionOf(key)).toBe(1_000 + index);
    if (turn % 7 === 0) {
      ring.delete(key);
      expect(ring.revisionOf(key)).toBeUndefined();
    }
  }
});
