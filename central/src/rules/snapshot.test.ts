import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import { must } from '@edgestock/shared/runtime/assert';
import { expect, it } from 'vitest';
import type { NodeRecord } from './node-record.ts';
import { decideSnapshot } from './snapshot.ts';

const record: NodeRecord = {
  ...{ warehouse: must(parseWarehouseId('BER1'), 'an id'), epoch: 2, instance: 'the-owner', enrolledAt: 1 },
  ...{ appliedUpTo: 9, appliedHash: genesisHash, appliedAt: 1, lastDeltaAt: 1, knownAt: 0, unsettled: {} },
};
const offered = { epoch: 2, instance: 'the-owner', sequence: 10 };
const fence = { reason: 'two of them', at: 1 };

it.each([
  ['takes what it lacks of the owner', record, offered, { decision: 'take' }],
  ['knows what it has', record, { ...offered, sequence: 9 }, { decision: 'known', applied: 9 }],
  ['refuses a node that it does not know', undefined, offered, { decision: 'refused' }],
  [
    'refuses another installation, before all else',
    { ...record, fence },
    { ...offered, instance: 'a-copy', epoch: 1, sequence: 3 },
    { decision: 'refused', reason: 'another installation owns this warehouse' },
  ],
  [
    'refuses another epoch, earlier or later',
    { ...record, fence },
    { ...offered, epoch: 3 },
    { decision: 'refused', reason: 'the warehouse is in epoch 2, not in 3' },
  ],
  ['refuses a fenced node', { ...record, fence }, offered, { decision: 'refused', reason: 'two of them' }],
] as const)('central %s', (_name, known, asked, decision) => {
  expect(decideSnapshot(known, asked)).toMatchObject(decision);
});
