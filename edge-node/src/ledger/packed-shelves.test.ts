import { emptyPosition } from '@edgestock/shared/inventory/position';
import { describe, expect, it } from 'vitest';
import type { PlacedQuantity } from '../rules/shelf.ts';
import { sku } from '../testing/site.ts';
import { type KeptShelf, PackedShelves } from './packed-shelves.ts';

const unnamed: PlacedQuantity = { bin: '', lot: '', condition: 'sellable', quantity: 5 };

function shelf(balances: readonly PlacedQuantity[], more: object = {}): KeptShelf {
  const onHand = balances.reduce((sum, { quantity }) => sum + quantity, 0);
  return { position: { ...emptyPosition, onHand, version: 1, sequence: 7, ...more }, balances };
}

const each = {
  unsellable: 1,
  reserved: 2,
  committed: 3,
  quota: 4,
  safetyStock: 5,
  granted: 6,
  allocated: 7,
  returned: 8,
};
const shelves: readonly [string, KeptShelf][] = [
  ['units in one place without a name', shelf([unnamed])],
  ['a number for each member', shelf([unnamed], { ...each, version: 9, sequence: 10 })],
  ['less than nothing', shelf([{ ...unnamed, quantity: -3 }])],
  ['the most that is packed', shelf([{ ...unnamed, quantity: 2 ** 31 - 1 }], { quota: -(2 ** 31 - 1) })],
  ['more than that', shelf([{ ...unnamed, quantity: 2 ** 31 }])],
  ['a place of the log beyond that', shelf([unnamed], { sequence: 2 ** 40 })],
  ['nothing in any place', shelf([])],
  ['a bin', shelf([{ ...unnamed, bin: 'R1' }])],
  ['a lot', shelf([{ ...unnamed, lot: 'L1' }])],
  ['damaged units', shelf([{ ...unnamed, condition: 'damaged' }], { unsellable: 5 })],
  ['two places', shelf([unnamed, { ...unnamed, bin: 'R1' }])],
  ['books that disagree with their places', shelf([unnamed], { onHand: 6 })],
];

describe('packed shelves give back what they were given last', () => {
  it.each(shelves)('%s', (_, kept) => {
    const packed = new PackedShelves(1);
    for (const [, before] of shelves) {
      packed.set(sku('A'), before);
      packed.set(sku('A'), kept);
      expect(packed.get(sku('A'))).toEqual(kept);
      expect(packed.position(sku('A'))).toEqual(kept.position);
    }
  });

  it('each SKU its own, until they are cleared', () => {
    const packed = new PackedShelves(shelves.length);
    for (const [name, kept] of shelves) packed.set(sku(name), kept);
    expect([packed.isFull(), packed.has(sku('nobody')), packed.get(sku('nobody'))]).toEqual([true, false, undefined]);
    for (const [name, kept] of shelves) expect(packed.get(sku(name))).toEqual(kept);
    packed.clear();
    for (const [name] of shelves)
      expect([packed.get(sku(name)), packed.position(sku(name))]).toEqual([undefined, undefined]);
    packed.set(sku('a bin'), shelf([unnamed]));
    expect(packed.get(sku('a bin'))).toEqual(shelf([unnamed]));
  });
});
