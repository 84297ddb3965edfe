import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { expect, it } from 'vitest';
import { NodeLog, skuOf, warehouseOf } from '../testing/node-log.ts';
import { mergeBatch } from './merge-batch.ts';
import { TaskFactCollector, taskFactOf } from './task-fact.ts';

const delta = (change: Partial<Delta>): Delta => ({
  kind: movementKinds.ship.code,
  sku: skuOf('A'),
  quantity: -2,
  version: 1,
  previous: 0,
  state: emptyQuantities,
  at: 0,
  line: 0,
  details: { document: 'o.1' },
  ...change,
});

it.each<[string, Partial<Delta>, unknown]>([
  ['a parcel', {}, { fact: 'ship', task: 'o.1', sku: 'A', quantity: 2 }],
  [
    'units given up',
    { kind: movementKinds.uncommit.code, quantity: 3 },
    { fact: 'give-up', task: 'o.1', sku: 'A', quantity: 3 },
  ],
  ['a parcel without a document', { details: {} }, undefined],
  ['a parcel of nothing', { quantity: 0 }, undefined],
  ['a sale', { kind: movementKinds.sale.code }, undefined],
  [
    'an allocation carried out',
    { kind: movementKinds.allocate.code, quantity: 4 },
    { fact: 'allocate', task: 'o.1', sku: 'A', quantity: 4 },
  ],
])('of %s it knows what it says of a task', (_, change, expected) => {
  expect(taskFactOf(delta(change))).toEqual(expected);
});

it('leaves out what was applied before, and what could not be applied', () => {
  const log = new NodeLog('BER1');
  const ship = { kind: movementKinds.ship.code, details: { document: 'o.1' } };
  log.record('A', 9);
  for (const quantity of [-1, -2, -3]) log.record('A', 0, { ...ship, quantity });
  log.record('A', 0, { ...ship, quantity: -4, version: 0 });
  expect(mergeBatch(log.verified(1, 5), 2).taskFacts.map(({ quantity }) => quantity)).toEqual([2, 3]);
});

it('sums what several messages say of a task, each kind and each warehouse for itself', () => {
  const facts = new TaskFactCollector();
  const one = warehouseOf('W1');
  const [a, b] = [skuOf('A'), skuOf('B')];
  facts.add(one, { fact: 'ship', task: 'o.1', sku: a, quantity: 1 });
  facts.add(one, { fact: 'give-up', task: 'o.1', sku: a, quantity: 5 });
  facts.add(one, { fact: 'ship', task: 'o.1', sku: b, quantity: 2 });
  facts.add(one, { fact: 'ship', task: 'o.1', sku: a, quantity: 3 });
  facts.add(warehouseOf('W2'), { fact: 'ship', task: 'o.1', sku: a, quantity: 7 });
  expect(facts.all()).toEqual([
    {
      fact: 'ship',
      task: 'o.1',
      warehouse: 'W1',
      lines: [
        { sku: 'A', quantity: 4 },
        { sku: 'B', quantity: 2 },
      ],
    },
    { fact: 'give-up', task: 'o.1', warehouse: 'W1', lines: [{ sku: 'A', quantity: 5 }] },
    { fact: 'ship', task: 'o.1', warehouse: 'W2', lines: [{ sku: 'A', quantity: 7 }] },
  ]);
});
