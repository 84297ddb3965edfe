import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, it } from 'vitest';
import { centralLimits as limits } from '../limits.ts';
import { type LastStep, type ProbeResult, remedyFor, type StalledNode, type StalledShard } from './stall-remedy.ts';

const ber = must(parseWarehouseId('BER1'), 'a warehouse id');
const ham = must(parseWarehouseId('HAM1'), 'a warehouse id');
const node = (change: Partial<StalledNode> = {}): StalledNode => ({
  warehouse: ber,
  stalledMs: limits.stalledAfterMs,
  purgedAgoMs: undefined,
  ...change,
});
/** Purged, and given its time. */
const unhelped = node({ stalledMs: 2 * limits.stalledAfterMs, purgedAgoMs: limits.stallRemedyMs });
const shard = (change: Partial<StalledShard> = {}): StalledShard => ({
  nodes: [unhelped],
  last: undefined,
  isConsumerRemade: false,
  streamRemadeAgoMs: undefined,
  ...change,
});
const probed = (result: ProbeResult, agoMs = 0): LastStep => ({ step: 'probed', result, agoMs });

describe('a node that stands still', () => {
  it.each([
    ['not long enough to have sent again itself', [node({ stalledMs: limits.stalledAfterMs - 1 })], undefined],
    ['long enough', [node()], { remedy: 'purge', warehouses: [ber] }],
    ['and was purged just now', [node({ purgedAgoMs: limits.stallRemedyMs - 1 })], undefined],
    ['and was purged in vain', [unhelped], { remedy: 'probe' }],
    [
      'for so long that it is worth another purge',
      [node({ purgedAgoMs: limits.stallPurgeRepeatMs })],
      { remedy: 'purge', warehouses: [ber] },
    ],
    [
      'beside one that has been purged in vain',
      [unhelped, node({ warehouse: ham })],
      { remedy: 'purge', warehouses: [ham] },
    ],
    [
      'beside one that does so for a moment',
      [unhelped, node({ warehouse: ham, stalledMs: 1_000 })],
      { remedy: 'probe' },
    ],
  ])('%s', (_, nodes, expected) => {
    expect(remedyFor(shard({ nodes }))).toEqual(expected);
  });
});

describe('a shard in which purging was in vain', () => {
  const isConsumerRemade = true;
  const remadeBefore = { streamRemadeAgoMs: limits.stallRemakeRepeatMs - 1, isConsumerRemade };
  it.each<[string, Partial<StalledShard>, string | undefined]>([
    ['and that carries a probe, is left alone', { last: probed('arrived') }, undefined],
    ['is tried out again much later', { last: probed('arrived', limits.stallPurgeRepeatMs) }, 'probe'],
    ['gets a new consumer when a probe is not delivered', { last: probed('not-delivered') }, 'remake-consumer'],
    ['gets that once', { last: probed('not-delivered'), isConsumerRemade }, 'remake-stream'],
    ['gets a new stream at once when a probe is not even taken', { last: probed('not-taken') }, 'remake-stream'],
    ['is tried out after that', { last: { step: 'consumer-remade', agoMs: 0 }, isConsumerRemade }, 'probe'],
    ['waits for the effect of a new stream', { last: { step: 'stream-remade', agoMs: 0 } }, undefined],
    ['is tried out after a new stream', { last: { step: 'stream-remade', agoMs: limits.stallRemedyMs } }, 'probe'],
    ['gets no second new stream soon', { ...remadeBefore, last: probed('not-taken') }, undefined],
    [
      'is probed for as long as it lasts',
      { ...remadeBefore, last: probed('not-taken', limits.stallProbeRepeatMs) },
      'probe',
    ],
    [
      'gets another new stream when that is long ago',
      { last: probed('not-taken'), streamRemadeAgoMs: limits.stallRemakeRepeatMs },
      'remake-stream',
    ],
  ])('%s', (_, change, expected) => {
    expect(remedyFor(shard(change))?.remedy).toBe(expected);
  });
});
