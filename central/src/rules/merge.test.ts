import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Quantities } from '@edgestock/shared/inventory/position';
import { POSITION_QUANTITY_MAX } from '@edgestock/shared/inventory/quantity';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { expect, it } from 'vitest';
import { NodeLog, skuOf } from '../testing/node-log.ts';
import { faultOfDelta } from './delta-fault.ts';
import { mergeBatch } from './merge-batch.ts';
import { type KnownPosition, mergePosition } from './merge-position.ts';

const { version: _v, sequence: _s, ...zero } = emptyPosition;
const state = (change: Partial<Quantities>): Quantities => ({ ...zero, ...change });

it('keeps of a batch the last state of each SKU, and leaves out what is known already', () => {
  const log = new NodeLog('BER1');
  for (const sku of ['A', 'B', 'A', 'C', 'A']) log.record(sku, 2);
  const whole = mergeBatch(log.verified(1, 5), 0);
  expect([...whole.states].map(([sku, { version, sequence }]) => [sku, version, sequence])).toEqual([
    ['A', 3, 5],
    ['B', 1, 2],
    ['C', 1, 4],
  ]);
  expect([...mergeBatch(log.verified(1, 5), 3).states.keys()]).toEqual(['C', 'A']);
  expect(whole.lastAt).toBe(1_700_000_000_005);
});

it('suspects a SKU whose last word could not be applied, and not one of which a newer state came', () => {
  const log = new NodeLog('BER1');
  log.record('A', 1, { kind: 99 });
  log.record('B', 1, { kind: 99 });
  log.record('B', 1);
  log.append(Buffer.from([0xc1]));
  const merged = mergeBatch(log.verified(1, 4), 0);
  expect([...merged.suspects]).toEqual([['A', 1]]);
  expect(merged.faults.map(({ sequence, sku }) => [sequence, sku])).toEqual([
    [1, 'A'],
    [2, 'B'],
    [4, undefined],
  ]);
  expect([...merged.states.keys()]).toEqual(['B']);
});

const known = (version: number, totals: Partial<KnownPosition> = {}): KnownPosition => ({
  version,
  ...{ granted: 5, returned: 0, allocatedSent: 0 },
  ...totals,
});
const newer = (unspentChange: number, isAhead = false) => ({ merge: 'newer', unspentChange, isAhead });

it.each([
  ['the first state', undefined, 1, state({ onHand: 5 }), newer(0)],
  ['a first state with quota', undefined, 1, state({ onHand: 5, granted: 4 }), newer(4)],
  ['a newer state', known(1), 2, state({ granted: 5 }), newer(0)],
  ['a version that skips some', known(1), 9, state({ granted: 7 }), newer(2)],
  ['a total that fell', known(1), 2, state({ granted: 3 }), newer(0)],
  ['the same version again', known(2), 2, state({ granted: 9 }), { merge: 'known' }],
  ['an older one', known(2), 1, state({ granted: 9 }), { merge: 'known' }],
  [
    'what central has given and the node has seen',
    known(1, { returned: 2, allocatedSent: 1 }),
    2,
    state({ granted: 5, returned: 2, allocated: 1 }),
    newer(0),
  ],
  [
    'what came back that central does not know of',
    known(1, { returned: 1 }),
    2,
    state({ granted: 9, returned: 3 }),
    newer(2, true),
  ],
  [
    'what was allocated that central does not know of',
    known(1),
    2,
    state({ granted: 5, allocated: 2 }),
    newer(-2, true),
  ],
  ['a forgotten position', undefined, 4, state({ granted: 9, returned: 3, allocated: 2 }), newer(4, true)],
] as const)('merges %s by version', (_, before, version, incoming, expected) => {
  expect(mergePosition(before, { version, state: incoming })).toEqual(expected);
});

const sound: Delta = {
  kind: movementKinds.sale.code,
  sku: skuOf('A'),
  quantity: -1,
  version: 1,
  previous: 0,
  state: state({ onHand: -1 }),
  at: 1,
  line: 0,
  details: {},
};
const most = POSITION_QUANTITY_MAX;

it.each([
  ['an unknown kind', { kind: 99 }, 'kind 99'],
  ['a previous that is not before it', { previous: 7 }, 'previous sequence 7'],
  ['version 0', { version: 0 }, 'version 0'],
  ['too much on hand', { state: state({ onHand: most + 1 }) }, 'onHand'],
  ['too little on hand', { state: state({ onHand: -most - 1 }) }, 'onHand'],
  ['a negative set-aside', { state: state({ reserved: -1 }) }, 'reserved is -1'],
  ['too large a set-aside', { state: state({ quota: most + 1 }) }, 'quota'],
  ['a negative total', { state: state({ granted: -1 }) }, 'granted is -1'],
  ['too large a total', { state: state({ allocated: most + 1 }) }, 'allocated'],
  ['too much given back', { state: state({ returned: most + 1 }) }, 'returned'],
])('finds fault with %s', (_, change, fault) => {
  expect(faultOfDelta({ ...sound, ...change }, 7)).toContain(fault);
});

it('finds no fault with a sale of what was not there', () => {
  expect(faultOfDelta(sound, 7)).toBeUndefined();
});
