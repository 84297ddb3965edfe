import type { NodeRecord } from './node-record.ts';

/** Why nothing of a warehouse is promised for now, in words; `undefined` where it is counted. */
export function notCountedBecause({
  unsettled,
  appliedUpTo,
  heard,
}: Pick<NodeRecord, 'unsettled' | 'appliedUpTo' | 'heard'>): string | undefined {
  if (unsettled === undefined) return undefined;
  const why = 'central was restored from a backup';
  if (unsettled.until !== undefined) {
    return `${why} and has its log up to ${appliedUpTo}: it is counted again from ${unsettled.until} on`;
  }
  if (heard?.nodeFence !== undefined) return `${why}, and the node has stopped sending: ${heard.nodeFence}`;
  return `${why}, and its node has not taken up the new epoch yet: is it on, linked, and of this release?`;
}
