import type { Delta } from '@edgestock/shared/protocol/delta';
import type { UpBatch } from '@edgestock/shared/protocol/message';

/** A batch whose bytes were checked: size, CRC, the node of the subject, and the chain recomputed over the deltas. */
export type VerifiedBatch = {
  readonly batch: UpBatch;
  /** The message as it came, for the log. */
  readonly bytes: Uint8Array;
  /** `hashes[i]` is the chain hash after `deltas[i]`. */
  readonly hashes: readonly Uint8Array[];
  /** `entries[i]` is what `deltas[i]` says. */
  readonly entries: readonly BatchEntry[];
};

export type BatchEntry =
  | { readonly kind: 'delta'; readonly delta: Delta }
  /** Cannot be applied: unknown kind, malformed, or beyond what a position may hold. */
  | { readonly kind: 'faulty'; readonly fault: string; readonly delta?: Delta };
