/**
 * The number of central's next life. By the clock, so that two restores of one backup, which know the same past, do not come to
 * the same number; and above every number that this central, or a node that speaks to it, has met.
 */
export function nextCentralEpoch({
  current,
  heard,
  now,
}: {
  readonly current: number;
  /** The highest that a node has told. */
  readonly heard: number;
  /** Central's clock, milliseconds since 1970 UTC. */
  readonly now: number;
}): number {
  return Math.max(Math.floor(now), current + 1, heard + 1);
}

/** Whether a node may be believed to have heard of this epoch: one near the end of all numbers would leave none for the next. */
export function isPossibleEpoch(epoch: number): boolean {
  return epoch <= EPOCH_MAX;
}

const EPOCH_MAX = Number.MAX_SAFE_INTEGER / 2;
