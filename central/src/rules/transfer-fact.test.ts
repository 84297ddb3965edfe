import { movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { describe, expect, it } from 'vitest';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { transferFactOf } from './transfer-fact.ts';

const otherWarehouse = warehouseOf('HAM1');
const delta = (kind: keyof typeof movementKinds, change: Partial<Delta> = {}): Delta => ({
  ...{ kind: movementKinds[kind].code, sku: skuOf('A'), quantity: 3, version: 1, previous: 0, state: emptyQuantities },
  ...{ at: 0, line: 0, details: { document: 'T-1', otherWarehouse } },
  ...change,
});
const told = { transfer: 'T-1', otherWarehouse, sku: 'A' };
const arrived = (condition: 'sellable' | 'damaged' | 'hold' | 'expired') =>
  delta('transfer-receive', { details: { document: 'T-1', otherWarehouse, condition } });

describe('what a delta says of a transfer', () => {
  it.each([
    ['units that left', delta('transfer-ship', { quantity: -3 }), { fact: 'ship', quantity: 3 }],
    ['units that arrived', delta('transfer-receive'), { fact: 'receive', quantity: 3 }],
    ['units that arrived fit to sell', arrived('sellable'), { fact: 'receive', quantity: 3 }],
    ['units that arrived damaged', arrived('damaged'), { fact: 'damage', quantity: 3 }],
    ['units that arrived too late to be sold', arrived('expired'), { fact: 'damage', quantity: 3 }],
    ['units that arrived and are held back', arrived('hold'), { fact: 'damage', quantity: 3 }],
    ['units that will not come', delta('transfer-lost'), { fact: 'lose', quantity: 3 }],
    ['units that turned up', delta('transfer-lost', { quantity: -3 }), { fact: 'lose', quantity: -3 }],
  ])('%s', (_, from, expected) => {
    expect(transferFactOf(from)).toEqual({ ...told, ...expected });
  });

  it.each([
    ['a sale', delta('sale')],
    ['the kinds on either side', delta('ship')],
    ['safety stock', delta('safety-stock')],
    ['what has no document', delta('transfer-ship', { details: { otherWarehouse } })],
    ['what has no other end', delta('transfer-ship', { details: { document: 'T-1' } })],
    ['no units', delta('transfer-lost', { quantity: 0 })],
  ])('nothing: %s', (_, from) => {
    expect(transferFactOf(from)).toBeUndefined();
  });
});
