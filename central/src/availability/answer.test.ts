import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import type { NodeRecord } from '../rules/node-record.ts';
import type { WarehouseShare } from '../store/central-store.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { answerOf } from './answer.ts';

const NOW = 1_800_000_000_000;
const LONG_AGO = NOW - centralLimits.silentAfterMs - 1;

function node(id: string, heardAt: number, committed = 5): NodeRecord {
  return {
    warehouse: warehouseOf(id),
    epoch: 1,
    instance: `instance-${id}`,
    enrolledAt: 1,
    appliedUpTo: 5,
    appliedHash: new Uint8Array(32),
    appliedAt: NOW - 40,
    lastDeltaAt: NOW - 50,
    heard: { at: heardAt, committed, sent: committed, skewMs: 0, schemaMin: 1, schemaMax: 1 },
    knownAt: 0,
  };
}

function share(id: string, available: number): WarehouseShare {
  const place = { warehouse: warehouseOf(id), version: 1, sequence: 1, at: 1, isSuspect: false };
  const atCentral = { returned: 0, allocatedSent: 0, held: 0 };
  return { ...emptyQuantities, ...place, atCentral, incoming: 0, available, granted: available, onHand: available };
}

const fleetOf = (...nodes: NodeRecord[]) => new Map(nodes.map((record) => [record.warehouse, record]));
const stock = (...warehouses: WarehouseShare[]) => ({
  sku: skuOf('A'),
  available: 7,
  buffer: 0,
  revision: 3,
  warehouses,
});

it('is as old as the warehouse of the answer that is known the least', () => {
  const fleet = fleetOf(node('BER1', NOW - 10), node('HAM1', NOW - 30), node('MUC1', LONG_AGO));
  const answer = answerOf(stock(share('BER1', 3), share('HAM1', 4)), fleet, NOW);
  expect(answer).toMatchObject({ available: 7, revision: 3, asOf: NOW - 30, stale: [] });
  expect(answer.warehouses.map(({ lagMs, isStale }) => [lagMs, isStale])).toEqual([
    [10, false],
    [30, false],
  ]);
});

it('names the silent warehouses of the answer', () => {
  const fleet = fleetOf(node('BER1', NOW - 10), node('HAM1', LONG_AGO));
  const answer = answerOf(stock(share('BER1', 3), share('HAM1', 4)), fleet, NOW);
  expect(answer.stale).toEqual(['HAM1']);
  expect(answer.warehouses.map(({ isStale }) => isStale)).toEqual([false, true]);
});

it('calls the numbers of a node stale that has stopped sending by its own judgement, however often it is heard', () => {
  const { heard, ...record } = node('BER1', NOW - 10);
  const fenced = { ...record, ...(heard === undefined ? {} : { heard: { ...heard, nodeFence: 'rolled back' } }) };
  expect(answerOf(stock(share('BER1', 3)), fleetOf(fenced), NOW)).toMatchObject({ asOf: NOW - 50, stale: ['BER1'] });
});

it('does not call a warehouse known at its heartbeat while something it had committed is missing', () => {
  expect(answerOf(stock(share('BER1', 3)), fleetOf(node('BER1', NOW, 6)), NOW).asOf).toBe(NOW - 50);
});

it('is for a SKU nobody has as old as the whole fleet, and of no age where there is none', () => {
  const fleet = fleetOf(node('BER1', NOW - 10), node('HAM1', LONG_AGO));
  expect(answerOf(stock(), fleet, NOW)).toMatchObject({ asOf: NOW - 50, stale: ['HAM1'], warehouses: [] });
  expect(answerOf(stock(), new Map(), NOW)).toEqual({
    sku: 'A',
    available: 7,
    revision: 3,
    asOf: undefined,
    stale: [],
    notCounted: [],
    warehouses: [],
  });
});

it('is of no age, and stale, as long as nothing is known of a warehouse that is enrolled', () => {
  const { heard: _, ...never } = { ...node('HAM1', 0), enrolledAt: NOW, appliedUpTo: 0, appliedAt: 0, lastDeltaAt: 0 };
  const fleet = fleetOf(node('BER1', NOW - 10), never);
  expect(answerOf(stock(), fleet, NOW)).toMatchObject({ asOf: undefined, stale: ['HAM1'] });
  // States may be ahead of the first heartbeat and of all history.
  const answer = answerOf(stock(share('BER1', 3), share('HAM1', 4)), fleet, NOW);
  expect(answer).toMatchObject({ asOf: undefined, stale: ['HAM1'] });
  expect(answer.warehouses.map(({ asOf, lagMs, isStale }) => [asOf, lagMs, isStale])).toEqual([
    [NOW - 10, 10, false],
    [undefined, undefined, true],
  ]);
});

it('is never from the future', () => {
  const answer = answerOf(stock(share('BER1', 3)), fleetOf(node('BER1', NOW + 500)), NOW);
  expect(answer.asOf).toBe(NOW);
  expect(answer.warehouses[0]?.lagMs).toBe(0);
});
