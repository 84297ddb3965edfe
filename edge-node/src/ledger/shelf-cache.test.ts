import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sku, TestSite } from '../testing/site.ts';
import { ShelfCache } from './shelf-cache.ts';

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.dispose());

const skus = ['A', 'B', 'C', 'D', 'E'].map(sku);

describe('the shelf cache', () => {
  it.each([1, 2, 3, 4, 5])(
    'says what the database says after every commit, with room for %i of 5 SKUs',
    async (room) => {
      const cache = new ShelfCache(site.store.shelves, room);
      for (let round = 1; round <= 4; round += 1) {
        for (const one of skus) {
          await site.move('receive', [{ sku: one, quantity: round, bin: `R${round}` }]);
          cache.keep(site.store.shelves.load(one));
          for (const other of skus) {
            expect(cache.load(other)).toEqual(site.store.shelves.load(other));
            expect(cache.position(other)).toEqual(site.store.shelves.position(other));
          }
        }
      }
    },
  );

  it('does not ask the database again for what it holds', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 5 }]);
    const cache = new ShelfCache(site.store.shelves);
    expect(cache.position(sku('A'))?.onHand).toBe(5);
    site.store.shelves.position = () => {
      throw new Error('asked again');
    };
    expect(cache.position(sku('A'))?.onHand).toBe(5);
    expect(cache.load(sku('A')).position.onHand).toBe(5);
  });

  it('displaces nothing for what is only read', async () => {
    for (const one of skus) await site.move('receive', [{ sku: one, quantity: 5 }]);
    const cache = new ShelfCache(site.store.shelves, 1);
    cache.load(sku('A'));
    for (const other of skus.slice(1)) expect(cache.position(other)?.onHand).toBe(5);
    site.store.shelves.position = () => {
      throw new Error('asked again');
    };
    expect(cache.position(sku('A'))?.onHand).toBe(5);
  });

  it('does not remember that a SKU has no movement yet', async () => {
    const cache = new ShelfCache(site.store.shelves);
    expect(cache.position(sku('A'))).toBeUndefined();
    expect(cache.load(sku('A')).isKnown).toBe(false);
    await site.move('receive', [{ sku: sku('A'), quantity: 5 }]);
    expect(cache.load(sku('A'))).toMatchObject({ isKnown: true, position: { onHand: 5 } });
  });

  it('knows an expiry date that was stated beside the ledger', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 5, lot: 'L1' }]);
    const cache = new ShelfCache(site.store.shelves);
    cache.load(sku('A'));
    site.store.imports.setExpiry(sku('A'), 'L1', '2027-01-31');
    expect(cache.load(sku('A')).expiries.get('L1')).toBe('2027-01-31');
  });
});

describe('a commit that fails', () => {
  it('leaves the positions at hand as they were before it', async () => {
    await site.move('receive', [{ sku: sku('A'), quantity: 5 }]);
    const { setHead } = site.store.node;
    site.store.node.setHead = () => {
      throw Object.assign(new Error('disk full'), { code: 'SQLITE_FULL' });
    };
    await expect(site.move('sale', [{ sku: sku('A'), quantity: 2 }])).rejects.toThrow('refused the write');
    site.store.node.setHead = setHead.bind(site.store.node);
    expect(site.onHand('A')).toBe(5);
    const answer = await site.move('sale', [{ sku: sku('A'), quantity: 1 }]);
    expect(answer.movements[0]?.position).toMatchObject({ onHand: 4, version: 2 });
    expect(site.store.shelves.position(sku('A'))).toMatchObject({ onHand: 4, version: 2 });
  });
});
