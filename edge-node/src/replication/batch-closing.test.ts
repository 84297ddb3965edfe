import { wireLimits } from '@edgestock/shared/protocol/limits';
import { describe, expect, it } from 'vitest';
import { batchBounds, closesNow } from './batch-closing.ts';

describe('a batch', () => {
  it.each([
    ['at once on an idle link', { unsentDeltas: 1, batchesInFlight: 0, isGathered: false }, true],
    ['not yet on a busy link', { unsentDeltas: 499, batchesInFlight: 1, isGathered: false }, false],
    ['when it is full', { unsentDeltas: wireLimits.batchDeltasMax, batchesInFlight: 1, isGathered: false }, true],
    ['when it has gathered long enough', { unsentDeltas: 1, batchesInFlight: 31, isGathered: true }, true],
  ])('closes %s', (_, waiting, expected) => {
    expect(closesNow(waiting)).toBe(expected);
  });

  it("takes no more deltas than the wire and central's window allow", () => {
    expect(batchBounds(16_000)).toEqual({ deltasMax: wireLimits.batchDeltasMax, bytesMax: wireLimits.batchBytesMax });
    expect(batchBounds(3).deltasMax).toBe(3);
  });
});
