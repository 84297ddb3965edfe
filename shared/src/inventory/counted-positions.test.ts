import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { must } from '../runtime/assert.ts';
import { CountedPositions, type PlacedPosition } from './counted-positions.ts';
import { parseSku, parseWarehouseId, type Sku } from './ids.ts';
import { emptyPosition } from './position.ts';
import { PositionDigest } from './position-digest.ts';

const warehouse = must(parseWarehouseId('BER1'), 'a warehouse id');
// In UTF-16 the last two sort the other way round than in a database.
const skus = ['A', 'B', 'C', 'a', '\u{1f375}', '\uffee'].map((text) => must(parseSku(text), 'a SKU'));
const inOrder = [...skus].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

/** The rows as a database has them, counted in pages between changes. */
class Table {
  readonly rows = new Map<Sku, PlacedPosition>();
  readonly counted = new CountedPositions(warehouse);
  #sequence = 0;

  change(sku: Sku, onHand: number): void {
    const before = this.rows.get(sku);
    this.#sequence += 1;
    const after = { ...emptyPosition, onHand, version: (before?.version ?? 0) + 1, sequence: this.#sequence };
    this.rows.set(sku, after);
    this.counted.changed(sku, before ?? emptyPosition, after);
  }

  count(size: number): void {
    if (this.counted.whole !== undefined) return;
    const { after } = this.counted;
    const rest = inOrder.filter(
      (sku) => this.rows.has(sku) && Buffer.compare(Buffer.from(sku), Buffer.from(after)) > 0,
    );
    const page = rest.slice(0, size).map((sku) => ({ sku, position: must(this.rows.get(sku), 'a row') }));
    this.counted.page(page, page.length < size);
  }

  digest(): Uint8Array {
    const digest = new PositionDigest(warehouse);
    for (const [sku, row] of this.rows) digest.add(sku, row);
    return digest.bytes();
  }
}

const action = fc.oneof(
  fc.record({ sku: fc.constantFrom(...skus), onHand: fc.integer({ min: -5, max: 5 }) }),
  fc.record({ size: fc.integer({ min: 1, max: 3 }) }),
);

property.prop([fc.array(action, { maxLength: 40 })])(
  'what is counted in pages while it changes is what is there in the end',
  (actions) => {
    const table = new Table();
    for (const one of actions) {
      if ('size' in one) table.count(one.size);
      else table.change(one.sku, one.onHand);
    }
    while (table.counted.whole === undefined) table.count(2);
    expect(table.counted.whole.bytes()).toEqual(table.digest());
    for (const sku of skus) table.change(sku, 9);
    expect(table.counted.whole.bytes()).toEqual(table.digest());
  },
);

it('knows the latest place that anything in it is from', () => {
  const table = new Table();
  for (const sku of skus) table.change(sku, 1);
  while (table.counted.whole === undefined) table.count(2);
  expect(table.counted.upTo).toBe(skus.length);
  table.change(must(skus[0], 'a SKU'), 2);
  expect(table.counted.upTo).toBe(skus.length + 1);
});
