import { must } from '@edgestock/shared/runtime/assert';
import type { NodeRecord } from './node-record.ts';
import { sameHash } from './same-hash.ts';
import type { VerifiedBatch } from './verified-batch.ts';

/** What to do with a batch (docs/protocol.md "The log up"), in order of precedence. */
export type BatchDecision =
  /** Central never issued this epoch: reject. */
  | { readonly decision: 'unknown-epoch' }
  /** Every sequence of it is applied already, with this history. */
  | { readonly decision: 'duplicate' }
  /** From an earlier life, or from an installation that does not own the warehouse: keep as a late fact. */
  | { readonly decision: 'late-epoch'; readonly currentEpoch: number }
  /** Another history than the applied one: fence the node. */
  | { readonly decision: 'fork'; readonly atSequence: number }
  /** Fenced earlier: keep, do not apply. */
  | { readonly decision: 'fenced'; readonly reason: string }
  /** Something before it is missing. */
  | { readonly decision: 'gap'; readonly need: number }
  /** Apply all but the first `skip` deltas. */
  | { readonly decision: 'apply'; readonly skip: number };

/** Central has applied as much as the whole batch: its hash at the end of the batch says whether it was this one. */
export function isKnownPlace(record: NodeRecord | undefined, { lastSequence }: VerifiedBatch['batch']): boolean {
  return record !== undefined && lastSequence <= record.appliedUpTo;
}

/**
 * A duplicate is recognised before its epoch is judged: what was applied in an earlier life and is delivered again is no late
 * fact. `hashAtEnd` is the chain hash that central has at the end of a batch of a known place (`isKnownPlace`), `undefined` where
 * it no longer has it.
 */
export function decideBatch(
  record: NodeRecord | undefined,
  verified: VerifiedBatch,
  hashAtEnd: Uint8Array | undefined,
): BatchDecision {
  const { batch } = verified;
  if (record === undefined || batch.epoch < 1 || batch.epoch > record.epoch) return { decision: 'unknown-epoch' };
  const isOwner = batch.epoch === record.epoch && batch.instance === record.instance;
  const isKnown = isKnownPlace(record, batch);
  if (isKnown && (hashAtEnd === undefined ? isOwner : sameHash(hashAtEnd, hashAfter(verified, batch.lastSequence)))) {
    return { decision: 'duplicate' };
  }
  if (!isOwner) return { decision: 'late-epoch', currentEpoch: record.epoch };
  if (isKnown) return { decision: 'fork', atSequence: batch.lastSequence };
  const isConnected = batch.firstSequence <= record.appliedUpTo + 1;
  if (isConnected && !sameHash(hashAfter(verified, record.appliedUpTo), record.appliedHash)) {
    return { decision: 'fork', atSequence: record.appliedUpTo };
  }
  if (record.fence !== undefined) return { decision: 'fenced', reason: record.fence.reason };
  if (!isConnected) return { decision: 'gap', need: record.appliedUpTo + 1 };
  return { decision: 'apply', skip: record.appliedUpTo + 1 - batch.firstSequence };
}

/** The batch's own chain hash after a sequence from `firstSequence - 1` to `lastSequence`. */
function hashAfter({ batch, hashes }: VerifiedBatch, sequence: number): Uint8Array {
  if (sequence === batch.firstSequence - 1) return batch.hashBefore;
  return must(hashes[sequence - batch.firstSequence], 'the sequence must be inside the batch');
}

/** May rows of the state lane be taken over? The same precedence, without a place in the log. */
export type StatesDecision =
  | { readonly decision: 'unknown-epoch' }
  | { readonly decision: 'late-epoch'; readonly currentEpoch: number }
  | { readonly decision: 'fenced'; readonly reason: string }
  | { readonly decision: 'apply' };

export function decideStates(
  record: NodeRecord | undefined,
  message: { readonly epoch: number; readonly instance: string },
): StatesDecision {
  if (record === undefined || message.epoch < 1 || message.epoch > record.epoch) return { decision: 'unknown-epoch' };
  if (message.epoch < record.epoch || message.instance !== record.instance) {
    return { decision: 'late-epoch', currentEpoch: record.epoch };
  }
  if (record.fence !== undefined) return { decision: 'fenced', reason: record.fence.reason };
  return { decision: 'apply' };
}
