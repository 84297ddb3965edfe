import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { type Offer, source } from './sourcing.ts';

const line = (sku: string, quantity: number): SkuQuantity => ({ sku: skuOf(sku), quantity });
const offer = (warehouse: string, sku: string, unspent: number, change: Partial<Offer> = {}): Offer => ({
  warehouse: warehouseOf(warehouse),
  sku: skuOf(sku),
  unspent,
  priority: 100,
  isSilent: false,
  ...change,
});
const silent = { isSilent: true };
const near = { priority: 1 };

/** `W1 A2 B1` for one warehouse, several by commas. */
function planned(demand: readonly SkuQuantity[], offers: readonly Offer[]): string {
  const parcels = new Map<WarehouseId, string>();
  for (const { warehouse, sku, quantity } of source(demand, offers).holds) {
    parcels.set(warehouse, `${parcels.get(warehouse) ?? warehouse} ${sku}${quantity}`);
  }
  return [...parcels.values()].join(', ');
}

describe('where demand is served from, in order of precedence', () => {
  it.each<[string, readonly SkuQuantity[], readonly Offer[], string]>([
    ['nobody has it', [line('A', 1)], [], ''],
    [
      'one warehouse has everything, though silent and of low priority',
      [line('A', 1), line('B', 1)],
      [offer('W1', 'A', 9, near), offer('W2', 'B', 9, near), offer('W3', 'A', 1, silent), offer('W3', 'B', 1, silent)],
      'W3 A1 B1',
    ],
    [
      'one warehouse has all there is',
      [line('A', 5), line('B', 2)],
      [offer('W1', 'B', 2, near), offer('W2', 'A', 3), offer('W2', 'B', 2)],
      'W2 A3 B2',
    ],
    [
      'more whole lines before more units',
      [line('A', 1), line('B', 1), line('C', 50)],
      [offer('W1', 'A', 1, near), offer('W1', 'C', 49, near), ...['A', 'B', 'C'].map((sku) => offer('W2', sku, 1))],
      'W1 C49, W2 A1 B1 C1',
    ],
    [
      'a line stays whole where somebody has it whole',
      [line('A', 20), line('B', 10)],
      [offer('W1', 'A', 20), offer('W1', 'B', 3), offer('W2', 'B', 10, silent)],
      'W1 A20, W2 B10',
    ],
    [
      'a line is split where the parcels that leave anyway cover it',
      [line('A', 9), line('B', 4), line('C', 9)],
      [offer('W1', 'A', 9), offer('W1', 'B', 2), offer('W2', 'C', 9), offer('W2', 'B', 2), offer('W3', 'B', 4, near)],
      'W1 A9 B2, W2 B2 C9',
    ],
    [
      'a split line takes the largest part first',
      [line('A', 10)],
      [offer('W1', 'A', 2, near), offer('W2', 'A', 7, silent), offer('W3', 'A', 6)],
      'W2 A7, W3 A3',
    ],
    [
      'one that is heard of before a silent one',
      [line('A', 1)],
      [offer('W1', 'A', 1, { ...silent, ...near }), offer('W2', 'A', 1)],
      'W2 A1',
    ],
    ['the lower priority number', [line('A', 1)], [offer('W1', 'A', 1), offer('W2', 'A', 1, near)], 'W2 A1'],
    ['the first by id', [line('A', 1)], [offer('W2', 'A', 1), offer('W1', 'A', 1)], 'W1 A1'],
    ['one SKU on two lines is one demand', [line('A', 2), line('A', 3)], [offer('W1', 'A', 4)], 'W1 A4'],
    ['an offer of nothing is none', [line('A', 1)], [offer('W1', 'A', 0), offer('W2', 'A', -3)], ''],
    ['nothing is asked', [line('A', 0)], [offer('W1', 'A', 5)], ''],
  ])('%s', (_, demand, offers, expected) => {
    expect(planned(demand, offers)).toBe(expected);
  });

  it('says what is short, over all lines of a SKU', () => {
    const demand = [line('B', 4), line('A', 2), line('B', 3), line('C', 1)];
    expect(source(demand, [offer('W1', 'B', 3), offer('W2', 'B', 2), offer('W1', 'C', 1)]).shortages).toEqual([
      { sku: 'A', requested: 2, available: 0 },
      { sku: 'B', requested: 7, available: 5 },
    ]);
  });

  it('leaves of each SKU what is to be kept, whatever it comes from', () => {
    const offers = [offer('W1', 'A', 3), offer('W2', 'A', 2), offer('W1', 'B', 1)];
    const { holds, shortages } = source([line('A', 4), line('B', 1)], offers, (sku) => (sku === 'A' ? 2 : 9));
    expect(holds).toEqual([{ sku: 'A', warehouse: 'W1', quantity: 3 }]);
    expect(shortages).toEqual([
      { sku: 'A', requested: 4, available: 3 },
      { sku: 'B', requested: 1, available: 0 },
    ]);
  });

  it('takes two offers of the same units for our mistake', () => {
    expect(() => source([line('A', 1)], [offer('W1', 'A', 1), offer('W1', 'A', 1)])).toThrow('two offers of A at W1');
  });
});

describe('of any demand and offers', () => {
  const skus = fc.constantFrom('A', 'B', 'C');
  const demands = fc.array(
    fc.record({ sku: skus, quantity: fc.integer({ min: 0, max: 8 }) }).map(({ sku, quantity }) => line(sku, quantity)),
    { maxLength: 5 },
  );
  const facts = fc.record({ priority: fc.integer({ min: 0, max: 2 }), isSilent: fc.boolean() });
  const warehouses = fc.tuple(facts, facts, facts, facts);
  const offerLists = fc
    .tuple(
      warehouses,
      fc.uniqueArray(
        fc.record({
          at: fc.integer({ min: 0, max: 3 }),
          sku: skus,
          unspent: fc.integer({ min: -1, max: 9 }),
        }),
        { selector: ({ at, sku }) => `${at}${sku}`, maxLength: 12 },
      ),
    )
    .map(([of, rows]) => rows.map(({ at, sku, unspent }) => offer(`W${at}`, sku, unspent, of[at] ?? {})));

  const sum = (rows: readonly { readonly quantity: number }[]) => rows.reduce((total, row) => total + row.quantity, 0);
  const of = <T extends { readonly sku: Sku }>(rows: readonly T[], sku: Sku) => rows.filter((row) => row.sku === sku);

  it('plans all that can be had, and neither more than asked nor than offered', () => {
    fc.assert(
      fc.property(demands, offerLists, (demand, offers) => {
        const { holds, shortages } = source(demand, offers);
        for (const { warehouse, sku, quantity } of holds) {
          const offered = offers.find((one) => one.warehouse === warehouse && one.sku === sku)?.unspent ?? 0;
          expect(quantity).toBeGreaterThan(0);
          expect(quantity).toBeLessThanOrEqual(offered);
        }
        expect(new Set(holds.map(({ warehouse, sku }) => `${warehouse} ${sku}`)).size).toBe(holds.length);
        for (const sku of new Set(demand.map((one) => one.sku))) {
          const asked = sum(of(demand, sku));
          const available = of(offers, sku).reduce((total, { unspent }) => total + Math.max(0, unspent), 0);
          expect(sum(of(holds, sku))).toBe(Math.min(asked, available));
          expect(of(shortages, sku)).toEqual(available < asked ? [{ sku, requested: asked, available }] : []);
        }
      }),
    );
  });

  it('sends one parcel wherever one warehouse has as much of everything as can be had', () => {
    fc.assert(
      fc.property(demands, offerLists, (demand, offers) => {
        const { holds } = source(demand, offers);
        const wanted = [...new Set(holds.map(({ sku }) => sku))].map((sku) => line(sku, sum(of(holds, sku))));
        const isEnough = (warehouse: WarehouseId) =>
          wanted.every(({ sku, quantity }) =>
            offers.some((one) => one.warehouse === warehouse && one.sku === sku && one.unspent >= quantity),
          );
        const able = [...new Set(offers.map(({ warehouse }) => warehouse))].filter(isEnough);
        if (wanted.length === 0 || able.length === 0) return;
        expect(new Set(holds.map(({ warehouse }) => warehouse)).size).toBe(1);
        const standing = (warehouse?: WarehouseId) => {
          const { isSilent = true, priority = 9 } = offers.find((one) => one.warehouse === warehouse) ?? {};
          return `${Number(isSilent)}${priority}${warehouse}`;
        };
        expect(standing(holds[0]?.warehouse)).toBe(able.map(standing).sort()[0]);
      }),
    );
  });

  it('plans the same whatever the order of demand and offers', () => {
    const shuffled = fc
      .tuple(demands, offerLists)
      .chain(([demand, offers]) =>
        fc.tuple(
          fc.constant(source(demand, offers)),
          fc.shuffledSubarray(demand, { minLength: demand.length }),
          fc.shuffledSubarray(offers, { minLength: offers.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([plan, demand, offers]) => {
        expect(source(demand, offers)).toEqual(plan);
      }),
    );
  });
});
