import { wireLimits } from '@edgestock/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { batchBounds, closesNow, restMsAfter } from './batch-closing.ts';

describe('a batch', () => {
  it.each([
    ['at once on an idle link', { unsentDeltas: 1, batchesInFlight: 0, isResting: false, isGathered: false }, true],
    ['not yet on a busy link', { unsentDeltas: 499, batchesInFlight: 1, isResting: false, isGathered: false }, false],
    [
      'not yet on a link that rests',
      { unsentDeltas: 499, batchesInFlight: 0, isResting: true, isGathered: false },
      false,
    ],
    [
      'when it is full',
      { unsentDeltas: wireLimits.batchDeltasMax, batchesInFlight: 1, isResting: true, isGathered: false },
      true,
    ],
    [
      'when it has gathered long enough',
      { unsentDeltas: 1, batchesInFlight: 31, isResting: true, isGathered: true },
      true,
    ],
  ])('closes %s', (_, waiting, expected) => {
    expect(closesNow(waiting)).toBe(expected);
  });

  it("takes no more deltas than the wire and central's window allow", () => {
    expect(batchBounds(16_000)).toEqual({ deltasMax: wireLimits.batchDeltasMax, bytesMax: wireLimits.batchBytesMax });
    expect(batchBounds(3).deltasMax).toBe(3);
  });

  it.each([
    ['no time after one sale', 1, 0],
    ['a millisecond for each delta after the first', 6, 5],
    ['no longer than a batch may gather', 400, wireLimits.batchDelayMs],
  ])('has its link rest %s', (_, batchDeltas, expected) => {
    expect(restMsAfter(batchDeltas)).toBe(expected);
  });
});
