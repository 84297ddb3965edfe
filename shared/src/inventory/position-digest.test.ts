import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { must } from '../runtime/assert.ts';
import { parseSku, parseWarehouseId } from './ids.ts';
import { emptyQuantities } from './position.ts';
import {
  bucketOf,
  DIGEST_BUCKETS,
  DIGEST_BYTES,
  DIGESTED,
  type DigestedPosition,
  PositionDigest,
} from './position-digest.ts';

const warehouse = must(parseWarehouseId('BER1'), 'a warehouse id');
const skuOf = (text: string) => must(parseSku(text), 'a SKU');
const position = (change: Partial<DigestedPosition> = {}) => ({ version: 1, ...emptyQuantities, ...change });

const quantity = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger());
const anyPosition: fc.Arbitrary<DigestedPosition> = fc.record({
  version: quantity,
  onHand: quantity,
  unsellable: quantity,
  reserved: quantity,
  committed: quantity,
  quota: quantity,
  safetyStock: quantity,
  granted: quantity,
  allocated: quantity,
  returned: quantity,
});
const anySku = fc.constantFrom('A', 'B', '85123A', '85123a', '\u{1f375} tea', '\uffee').map(skuOf);

describe('the digest of positions', () => {
  property.prop([fc.array(fc.tuple(anySku, anyPosition), { maxLength: 20 })])(
    'is the same in whatever order they are added, and what was taken off leaves no trace',
    (rows) => {
      const [there, back] = [new PositionDigest(warehouse), new PositionDigest(warehouse)];
      for (const [sku, row] of rows) there.add(sku, row);
      for (const [sku, row] of [...rows].reverse()) back.add(sku, row);
      expect(back.bytes()).toEqual(there.bytes());
      expect(back.differing(there.bytes())).toEqual([]);
      for (const [sku, row] of rows) back.remove(sku, row);
      expect(back.bytes()).toEqual(new PositionDigest(warehouse).bytes());
    },
  );

  property.prop([anySku, anyPosition, fc.constantFrom(...DIGESTED), fc.constantFrom(-1, 1, 2 ** 32)])(
    'differs in the bucket of the SKU when a single number differs',
    (sku, row, name, change) => {
      const [one, other] = [new PositionDigest(warehouse), new PositionDigest(warehouse)];
      one.add(sku, row);
      other.add(sku, { ...row, [name]: row[name] + change });
      fc.pre(Number.isSafeInteger(row[name] + change));
      expect(other.differing(one.bytes())).toEqual([bucketOf(sku)]);
    },
  );

  it("differs when two numbers are in each other's place, and between warehouses", () => {
    const [one, other] = [new PositionDigest(warehouse), new PositionDigest(warehouse)];
    one.add(skuOf('A'), position({ reserved: 1, committed: 2 }));
    other.add(skuOf('A'), position({ reserved: 2, committed: 1 }));
    expect(other.differing(one.bytes())).toHaveLength(1);
    const elsewhere = new PositionDigest(must(parseWarehouseId('HAM1'), 'a warehouse id'));
    elsewhere.add(skuOf('A'), position({ reserved: 1, committed: 2 }));
    expect(elsewhere.differing(one.bytes())).toHaveLength(1);
  });

  it('spreads SKUs evenly: with ten to a bucket none is empty far more often than by chance', () => {
    const counts = new Array<number>(DIGEST_BUCKETS).fill(0);
    for (let number = 0; number < 10 * DIGEST_BUCKETS; number += 1) {
      const bucket = bucketOf(skuOf(`SKU-${number}`));
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    // Poisson with a mean of 10: 29 and more would be seen once in some 2,000,000 buckets.
    expect(Math.max(...counts)).toBeLessThan(29);
    expect(counts.filter((count) => count === 0).length).toBeLessThan(3);
  });

  // Frozen: nodes and central are updated months apart.
  it('comes to the same bytes in every release', () => {
    const digest = new PositionDigest(warehouse);
    digest.add(skuOf('SKU-1'), position({ onHand: 40, unsellable: 2, quota: -5_000_000_000, returned: 7 }));
    const bytes = Buffer.from(digest.bytes());
    expect(bytes).toHaveLength(DIGEST_BYTES);
    const bucket = bucketOf(skuOf('SKU-1'));
    expect([bucket, bytes.subarray(bucket * 6, bucket * 6 + 6).toString('hex')]).toEqual([670, 'e2a22305de3b']);
  });
});
