import { expect, it } from 'vitest';
import { NodeLog } from '../testing/node-log.ts';
import { decideBatch, decideStates } from './batch-decision.ts';
import type { NodeRecord } from './node-record.ts';

const log = new NodeLog('BER1', { epoch: 2 });
for (let units = 1; units <= 6; units += 1) log.record('A', units);
/** Shares sequence 1 to 2 with the log and differs from 3 on. */
const other = new NodeLog('BER1', { epoch: 2 });
for (let units = 1; units <= 2; units += 1) other.record('A', units);
for (let units = 3; units <= 6; units += 1) other.record('B', units);

/** A node of which central has applied sequence 1 to 4. */
const record: NodeRecord = {
  warehouse: log.warehouse,
  epoch: 2,
  instance: log.instance,
  enrolledAt: 1,
  appliedUpTo: 4,
  appliedHash: log.hashes[4] ?? new Uint8Array(),
  appliedAt: 1,
  lastDeltaAt: 1,
  knownAt: 0,
};
const fenced: NodeRecord = { ...record, fence: { reason: 'a fork', at: 1 } };

type Identity = { epoch?: number; instance?: string };
function decide(known: NodeRecord | undefined, from: NodeLog, first: number, last: number, change: Identity = {}) {
  const verified = from.verified(first, last);
  const batch = { ...verified.batch, ...change };
  return decideBatch(known, { ...verified, batch }, log.hashes[batch.lastSequence]);
}

// In order of precedence: each row also fits one or more of the rows below it, and the first wins.
it.each([
  ['of a warehouse nobody enrolled', decide(undefined, log, 1, 2), { decision: 'unknown-epoch' }],
  [
    'of an epoch never issued, though its place is known',
    decide(record, log, 1, 4, { epoch: 3 }),
    { decision: 'unknown-epoch' },
  ],
  ['of a node still provisional', decide(record, log, 1, 4, { epoch: 0 }), { decision: 'unknown-epoch' }],
  ['of an ended epoch, but applied in it', decide(record, log, 1, 4, { epoch: 1 }), { decision: 'duplicate' }],
  ['of a fenced node, but applied before', decide(fenced, log, 2, 3), { decision: 'duplicate' }],
  ['that ends at the cursor', decide(record, log, 3, 4), { decision: 'duplicate' }],
  [
    'of an ended epoch with new sequences',
    decide(record, log, 5, 6, { epoch: 1 }),
    { decision: 'late-epoch', currentEpoch: 2 },
  ],
  [
    'of an ended epoch with another history',
    decide(record, other, 3, 4, { epoch: 1 }),
    { decision: 'late-epoch', currentEpoch: 2 },
  ],
  [
    'of another installation',
    decide(fenced, log, 5, 6, { instance: 'x' }),
    { decision: 'late-epoch', currentEpoch: 2 },
  ],
  ['with another history below the cursor', decide(record, other, 2, 3), { decision: 'fork', atSequence: 3 }],
  ['with another history across the cursor', decide(record, other, 3, 6), { decision: 'fork', atSequence: 4 }],
  ['that hangs on another history', decide(fenced, other, 5, 6), { decision: 'fork', atSequence: 4 }],
  ['of a fenced node', decide(fenced, log, 5, 6), { decision: 'fenced', reason: 'a fork' }],
  ['of a fenced node beyond a gap', decide(fenced, log, 6, 6), { decision: 'fenced', reason: 'a fork' }],
  ['beyond a gap', decide(record, log, 6, 6), { decision: 'gap', need: 5 }],
  ['of which a part is known', decide(record, log, 2, 6), { decision: 'apply', skip: 3 }],
  ['that goes on from the cursor', decide(record, log, 5, 6), { decision: 'apply', skip: 0 }],
])('decides about a batch %s', (_, decision, expected) => {
  expect(decision).toEqual(expected);
});

it('believes the owner about a place of which central has no hash any more, and nobody else', () => {
  const batch = other.verified(2, 3);
  expect(decideBatch(record, batch, undefined)).toEqual({ decision: 'duplicate' });
  const foreign = { ...batch, batch: { ...batch.batch, epoch: 1 } };
  expect(decideBatch(record, foreign, undefined)).toEqual({ decision: 'late-epoch', currentEpoch: 2 });
});

it.each([
  ['nobody enrolled', undefined, {}, 'unknown-epoch'],
  ['an epoch never issued', record, { epoch: 3 }, 'unknown-epoch'],
  ['a provisional node', record, { epoch: 0 }, 'unknown-epoch'],
  ['an ended epoch', fenced, { epoch: 1 }, 'late-epoch'],
  ['another installation', fenced, { instance: 'x' }, 'late-epoch'],
  ['a fenced node', fenced, {}, 'fenced'],
  ['the owner', record, {}, 'apply'],
] as const)('decides about states of %s', (_, known, change, decision) => {
  expect(decideStates(known, { ...log.stateMessage(), ...change }).decision).toBe(decision);
});
