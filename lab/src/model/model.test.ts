import type { Sku } from '@edgestock/shared/inventory/ids';
import { describe, expect, test } from 'vitest';
import { asideNames, mismatchesOf, noAsides, type Told } from './compare-positions.ts';
import { StockModel } from './stock-model.ts';

const change = (sku: string, units: number) => ({ sku: sku as Sku, units });

test('the model sums what was acknowledged, position by position, and counts the movements', () => {
  const model = new StockModel();
  model.apply('W1', [change('a', 10), change('b', 5)], { movements: 2, sequence: 2 });
  model.apply('W1', [change('a', -3), change('a', -7)], { movements: 3, sequence: 8 });
  model.apply('W1', [], { movements: 0, sequence: 5 });
  model.apply('W2', [change('a', 1)], { movements: 1, sequence: 1 });
  expect([...model.unitsOf('W1')]).toEqual([
    ['a', 0],
    ['b', 5],
  ]);
  expect(model.movementsOf('W1')).toBe(5);
  expect(model.movementsOf('W3')).toBe(0);
  // The node granted something in between; a repeated answer is of an earlier place.
  expect(model.sequenceOf('W1')).toBe(8);
  expect(model.sequenceOf('W3')).toBe(0);
  expect(model.warehouses).toEqual(['W1', 'W2']);
  expect(model.skuCount).toBe(2);
});

describe('the witnesses of a position', () => {
  const told = (onHand: number, version = 1) => new Map<string, Told>([['a', { ...noAsides, onHand, version }]]);
  const model = new Map([['a', 7]]);

  test('agree', () => {
    expect(mismatchesOf('W1', { model, node: told(7), central: told(7) })).toEqual([]);
  });

  test.each([
    ['the model', { model: new Map([['a', 8]]), node: told(7), central: told(7) }],
    ['the node', { model, node: told(6), central: told(7) }],
    ['central', { model, node: told(7), central: told(6) }],
    ['a central that has never heard of it', { model, node: told(7), central: new Map<string, Told>() }],
    ['a node that has never heard of it', { model, node: new Map<string, Told>(), central: told(7) }],
  ])('disagree when it is %s that differs', (_who, witnesses) => {
    expect(mismatchesOf('W1', witnesses)).toHaveLength(1);
  });

  test('disagree about a position that the model has never heard of', () => {
    expect(mismatchesOf('W1', { model: new Map(), node: told(7), central: told(7) })).toHaveLength(1);
  });

  test.each(asideNames)('disagree when it is %s that differs', (name) => {
    const granted = new Map<string, Told>([['a', { ...noAsides, onHand: 7, version: 1, [name]: 3 }]]);
    expect(mismatchesOf('W1', { model, node: granted, central: granted })).toEqual([]);
    expect(mismatchesOf('W1', { model, node: granted, central: told(7) })).toMatchObject([
      { model: 7, node: 7, central: 7, asides: { node: { [name]: 3 }, central: { [name]: 0 } } },
    ]);
  });

  test('disagree when a movement and its opposite are missing', () => {
    expect(mismatchesOf('W1', { model, node: told(7, 3), central: told(7, 1) })).toMatchObject([
      { versions: { node: 3, central: 1 } },
    ]);
  });

  test('agree that a position that nobody has moved is nothing', () => {
    const none = new Map<string, Told>([['a', { ...noAsides, onHand: 0, version: 0 }]]);
    expect(mismatchesOf('W1', { model: new Map(), node: new Map(), central: none })).toEqual([]);
  });
});
