import { centralLimits } from '../limits.ts';

const { groupDeltasMax, commitRestDeltasPerMs, commitRestMsMax } = centralLimits;

/**
 * How long ingest rests after a commit of so many deltas, in milliseconds, so that the next one is worth its wait for the disk (decision
 * 29). Not after a few, which are not waited for by many, nor after a full group: then more is waiting already.
 */
export function restMsAfter(deltas: number): number {
  if (deltas >= groupDeltasMax) return 0;
  return Math.min(Math.floor(deltas / commitRestDeltasPerMs), commitRestMsMax);
}
