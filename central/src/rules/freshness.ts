import { centralLimits } from '../limits.ts';
import type { NodeRecord } from './node-record.ts';

/** When a node was last heard of, as far as silence is judged by it. */
type LastHeard = Pick<NodeRecord, 'enrolledAt'> & { readonly heard?: { readonly at: number } };

/** True when nothing has been heard of the node for too long: its numbers are old, and nobody knows how old. */
export function isSilent(record: LastHeard, now: number): boolean {
  return now >= silentFrom(record);
}

/** From when on the node counts as silent, unless it is heard of until then. */
export function silentFrom(record: LastHeard): number {
  return Math.max(record.heard?.at ?? 0, record.enrolledAt) + centralLimits.silentAfterMs + 1;
}

/**
 * Up to when central knows the warehouse (P8): the last heartbeat at which it had everything the node had committed. While
 * it lags behind, the time of the last applied delta says more, if that is later; the node's clock is not believed to be
 * ahead of the moment of applying. `undefined` while nothing is known: no heartbeat, and no history.
 */
export function knownUpTo(
  record: Pick<NodeRecord, 'heard' | 'knownAt' | 'appliedUpTo' | 'appliedAt' | 'lastDeltaAt'>,
): number | undefined {
  const at = Math.max(knownByHeartbeat(record), Math.min(record.lastDeltaAt, record.appliedAt));
  return at === 0 ? undefined : at;
}

/**
 * From when on the warehouse's numbers count as stale in an answer: at once while nothing is known of it, or when its node has
 * stopped sending by its own judgement (what central has may not be the node's history at all); else from its silence on.
 */
export function staleFrom(record: Omit<NodeRecord, 'warehouse'>): number {
  return knownUpTo(record) === undefined || record.heard?.nodeFence !== undefined ? 0 : silentFrom(record);
}

/**
 * Receipt time of the last heartbeat that central's cursor has caught up with; 0 when there was none. The heartbeat of a node
 * that has stopped sending proves nothing: its log may have been rolled back behind the cursor.
 */
export function knownByHeartbeat(record: Pick<NodeRecord, 'heard' | 'knownAt' | 'appliedUpTo'>): number {
  const { heard, knownAt, appliedUpTo } = record;
  const isProof = heard !== undefined && heard.nodeFence === undefined && appliedUpTo >= heard.committed;
  return isProof ? heard.at : knownAt;
}
