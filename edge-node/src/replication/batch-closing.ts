import { wireLimits } from '@edgestock/shared/protocol/limits';

/** What decides whether the deltas that wait are a batch yet. */
export type Waiting = {
  readonly unsentDeltas: number;
  readonly batchesInFlight: number;
  /** The last batch was sent less than its `restMsAfter` ago. */
  readonly isResting: boolean;
  /** The deltas have been gathering for `batchDelayMs`. */
  readonly isGathered: boolean;
};

/**
 * Does the batch close now? On an idle link at once, so that a lone sale is at central in milliseconds; while the link is busy
 * when it is full, or when its deltas have gathered for `batchDelayMs`: a batch per sale would cost more than it carries.
 */
export function closesNow({ unsentDeltas, batchesInFlight, isResting, isGathered }: Waiting): boolean {
  const isIdle = batchesInFlight === 0 && !isResting;
  return isIdle || unsentDeltas >= wireLimits.batchDeltasMax || isGathered;
}

/** How much the closing batch takes at most. Central's window leaves `roomDeltas`; one delta always goes, whatever its size. */
export function batchBounds(roomDeltas: number): { readonly deltasMax: number; readonly bytesMax: number } {
  return { deltasMax: Math.min(wireLimits.batchDeltasMax, roomDeltas), bytesMax: wireLimits.batchBytesMax };
}

/**
 * How long a link rests after a batch before it counts as idle, in milliseconds: one for each delta after the first. What is sold more
 * slowly than one a millisecond goes at once; a node that sells faster sends batches that are worth a message to the
 * broker, to central and to itself (decision 29).
 */
export function restMsAfter(batchDeltas: number): number {
  return Math.min(batchDeltas - 1, wireLimits.batchDelayMs);
}
