import { silentLog } from '@edgestock/shared/runtime/log';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, it } from 'vitest';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { LastUnitsDesk } from './last-units-desk.ts';
import { NodeCursors } from './node-cursors.ts';

const BER1 = warehouseOf('BER1');
const A = skuOf('A');

let commands: PromiseCommand[];
let outcome: PromiseOutcome;
let answered: boolean[];
let cursors: NodeCursors;
let desk: LastUnitsDesk;

beforeEach(() => {
  commands = [];
  answered = [];
  outcome = { outcome: 'returned', lines: [{ sku: A, total: 7 }] };
  cursors = new NodeCursors([], new VirtualClock());
  cursors.set({
    warehouse: BER1,
    epoch: 1,
    instance: 'instance-BER1',
    enrolledAt: 1,
    appliedUpTo: 0,
    appliedHash: new Uint8Array(32),
    appliedAt: 0,
    lastDeltaAt: 0,
    knownAt: 0,
  });
  desk = new LastUnitsDesk({
    cursors,
    promise: async (command) => {
      commands.push(command);
      return outcome;
    },
    log: silentLog,
    onAnswered: (isAnswered) => answered.push(isAnswered),
  });
});

const request = { warehouse: 'BER1', instance: 'instance-BER1', lines: [{ sku: 'A', quantity: 2 }] };
const ask = (change: object = {}, subject = 'BER1') =>
  desk.lastUnits(subject, JSON.stringify({ ...request, ...change }));

it('answers with the totals ever given back, having asked for each SKU once', async () => {
  const lines = [
    { sku: 'A', quantity: 2 },
    { sku: 'B', quantity: 1 },
    { sku: 'A', quantity: 3 },
  ];
  expect(await ask({ lines })).toEqual({ lines: [{ sku: 'A', returned: 7 }] });
  expect(commands).toEqual([
    {
      command: 'return-quota',
      warehouse: 'BER1',
      lines: [
        { sku: 'A', quantity: 5 },
        { sku: 'B', quantity: 1 },
      ],
    },
  ]);
  expect(answered).toEqual([true]);
});

it.each([
  ['what is no request', () => desk.lastUnits('BER1', 'not JSON')],
  ['a request without lines', () => ask({ lines: [] })],
  ['a SKU that is none', () => ask({ lines: [{ sku: 'a,b', quantity: 1 }] })],
  ['half a unit', () => ask({ lines: [{ sku: 'A', quantity: 0.5 }] })],
  ['a request in the name of another warehouse', () => ask({}, 'HAM1')],
  ['another installation', () => ask({ instance: 'instance-other' })],
])('leaves unanswered %s, and gives nothing back', async (_, asked) => {
  expect(await asked()).toBeUndefined();
  expect(commands).toEqual([]);
  expect(answered).toEqual([false]);
});

it('gives nothing to a fenced node', async () => {
  cursors.fence(BER1, 'a fork');
  expect(await ask()).toBeUndefined();
  expect(commands).toEqual([]);
});

it('leaves unanswered what the store refuses', async () => {
  outcome = { outcome: 'unknown', what: 'warehouse', id: 'BER1' };
  expect(await ask()).toBeUndefined();
});
