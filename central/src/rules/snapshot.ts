import type { NodeRecord } from './node-record.ts';

/** Whose snapshot, and of which place in its log. */
export type OfferedSnapshot = { readonly epoch: number; readonly instance: string; readonly sequence: number };

/** What to do about a snapshot that a node offers, or goes on sending: in order of precedence. */
export type SnapshotDecision =
  | { readonly decision: 'refused'; readonly reason: string; readonly hint: string }
  /** Central stands there, or beyond: nothing is moved back. */
  | { readonly decision: 'known'; readonly applied: number }
  | { readonly decision: 'take' };

/**
 * Only the node that owns the warehouse, in the epoch it is in, may tell what came before its log, and only where central lacks
 * it. It drops nothing that central has not had: whoever lacks it has been put back to an earlier state, or is new.
 */
export function decideSnapshot(record: NodeRecord | undefined, offered: OfferedSnapshot): SnapshotDecision {
  if (record === undefined) return refused('central knows no node of this warehouse', 'it is enrolled by itself');
  if (record.instance !== offered.instance) {
    return refused('another installation owns this warehouse', 'run the one that owns it, or let this one rejoin');
  }
  if (record.epoch !== offered.epoch) {
    return refused(`the warehouse is in epoch ${record.epoch}, not in ${offered.epoch}`, 'the node has to enrol again');
  }
  if (record.fence !== undefined) {
    return refused(
      record.fence.reason,
      'see which installation is the right one, and let it rejoin: edgestock edge rejoin',
    );
  }
  if (offered.sequence <= record.appliedUpTo) return { decision: 'known', applied: record.appliedUpTo };
  return { decision: 'take' };
}

function refused(reason: string, hint: string): SnapshotDecision {
  return { decision: 'refused', reason, hint };
}
