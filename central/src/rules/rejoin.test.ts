import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import { expect, it } from 'vitest';
import { warehouseOf } from '../testing/node-log.ts';
import type { NodeRecord } from './node-record.ts';
import { decideRejoin, type NodeLife, type RejoinContext, recountAhead, recountOf } from './rejoin.ts';

const record: NodeRecord = {
  ...{ warehouse: warehouseOf('BER1'), epoch: 4, instance: 'the-owner', enrolledAt: 1, appliedUpTo: 70 },
  ...{ appliedHash: genesisHash, appliedAt: 900, lastDeltaAt: 800, knownAt: 500 },
  fence: { reason: 'forked', at: 950 },
  heard: { at: 990, committed: 73, sent: 70, skewMs: 0, schemaMin: 1, schemaMax: 2 },
};
const request: TakeOverRequest = {
  ...{ ask: 'take-over', warehouse: 'BER1', instance: 'the-fresh', sawEpoch: 4, schema: [1, 2] },
};
const life = (change: Partial<NodeLife>): NodeLife => ({
  ...{ epoch: 4, instance: 'the-fresh', begunAt: 9, applied: 7, hash: genesisHash, downSequence: 0 },
  ...{ downHash: genesisHash, recount: 'moved', lost: 0, knownAt: 0 },
  ...change,
});
const context: RejoinContext = {
  ...{
    life: undefined,
    firstSequence: 1,
    hasSnapshot: false,
    down: { sequence: 6, hash: genesisHash },
    statesAhead: 0,
    now: 1_000,
  },
};

it.each([
  ['of a node nobody knows', { record: undefined }, 'refused'],
  ['of a schema nobody reads', { request: { ...request, schema: [90, 91] } }, 'refused'],
  ['asked again', { record: { ...record, instance: 'the-fresh' }, life: life({}) }, 'again'],
  ['asked again after another took over', { life: life({ epoch: 3 }) }, 'refused'],
  [
    'asked again by one that lost, whatever it saw',
    { life: life({ epoch: 2 }), request: { ...request, sawEpoch: 4 } },
    'refused',
  ],
  ['by the owner itself', { request: { ...request, instance: 'the-owner' } }, 'refused'],
  ['by one who saw an earlier epoch', { request: { ...request, sawEpoch: 3 } }, 'refused'],
  ['of a log that central has only the end of', { firstSequence: 9 }, 'refused'],
  [
    'of a log that central has nothing of',
    { record: { ...record, appliedUpTo: 0 }, firstSequence: undefined },
    'take-over',
  ],
  ['where directives that may not be in the log are gone', { down: { sequence: 6, hash: undefined } }, 'refused'],
  ['of a fenced node', {}, 'take-over'],
] as const)('a rejoin %s: %o', (_what, change, outcome) => {
  const {
    record: found = record,
    request: asked = request,
    ...rest
  } = change as {
    record?: NodeRecord;
    request?: TakeOverRequest;
  };
  const of = 'record' in change ? change.record : found;
  expect(decideRejoin(of, asked, { ...context, ...rest }).outcome).toBe(outcome);
});

it('the life begins at the cursor in the next epoch, and says what may be missing and since when', () => {
  expect(decideRejoin(record, request, context)).toMatchObject({
    outcome: 'take-over',
    life: { epoch: 5, applied: 70, lost: 3, recount: 'all', knownAt: 800, downSequence: 6, begunAt: 1_000 },
  });
});

it.each([
  [{ lost: 0, statesAhead: 0 }, 'moved'],
  [{ lost: 3, statesAhead: 0 }, 'all'],
  [{ lost: 3, statesAhead: 2 }, 'moved'],
] as const)('counted again after %o: %s', (facts, recount) => {
  expect(recountOf(facts)).toBe(recount);
});

it('what a person says counts before the rule', () => {
  const said = { ...request, recount: 'none' } as const;
  expect(decideRejoin(record, said, context)).toMatchObject({ life: { recount: 'none' } });
});

it('shown before it is decided, says what is counted at the most', () => {
  expect(recountAhead({ ...record, appliedUpTo: 70 })).toBe('all');
  expect(recountAhead({ ...record, appliedUpTo: 73 })).toBe('moved');
  expect(recountAhead({ ...record, appliedUpTo: 73, unsettled: {} })).toBe('all');
});
