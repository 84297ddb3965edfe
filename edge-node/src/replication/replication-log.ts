import type { Sku } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import type { SnapshotRow } from '@edgestock/shared/protocol/snapshot';

/** Consecutive deltas of the log, as recorded: the bytes that are hashed, stored and sent. */
export type LogSlice = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly hashBefore: Uint8Array;
  readonly hashLast: Uint8Array;
  readonly deltas: readonly Uint8Array[];
};

/**
 * What replication needs of the node's log (the store's outbox). Reads are synchronous and bounded by their arguments, because
 * they run between the sales of a busy till. The log is the truth: whatever the link does, everything can be read here again.
 */
export type ReplicationLog = {
  identity(): LogIdentity;
  /** The last committed place. */
  head(): { readonly sequence: number; readonly hash: Uint8Array };
  /** Oldest sequence still in the log; one past the head when the log is empty. */
  firstSequence(): number;
  /** The chain hash at a place; `undefined` when it was trimmed away or is beyond the head. */
  hashAt(sequence: number): Uint8Array | undefined;
  /** Deltas after the sequence, at least one if there is any, within the limits; `undefined` when there are none. */
  slice(afterSequence: number, limits: { readonly deltasMax: number; readonly bytesMax: number }): LogSlice | undefined;
  /** The last of central's directives whose effects are all in the log up to a sequence; 0 when none are. */
  carriedOutAt(sequence: number): number;
  /** Distinct SKUs of the deltas in (after, upTo]. */
  skusTouched(afterSequence: number, upToSequence: number): readonly Sku[];
  /** The SKUs' current states. */
  states(skus: readonly Sku[]): readonly StateRow[];
  /** Current states of all SKUs in their order, after one or from the first (`''`). */
  statesAfter(sku: Sku | '', rowsMax: number): readonly StateRow[];
  /**
   * Positions as they were before the oldest sequence, of the next SKUs after one or from the first (`''`); `last` is the last
   * SKU looked at, and absent behind the last there is. The same every time, for as long as the log begins there.
   */
  snapshotRowsAfter(
    sku: Sku | '',
    skusMax: number,
  ): { readonly rows: readonly SnapshotRow[]; readonly last: Sku | undefined };
  /** Gives the provisional log (epoch 0) its epoch. Throws when it has another one already. */
  adoptEpoch(epoch: number): void;
  /** Central's cursor as last made durable. */
  appliedUpTo(): number;
  /** Makes central's cursor durable; never moves it backwards. */
  setAppliedUpTo(sequence: number): void;
  /** Reckons the time that has passed since the last look at both clocks; the first look begins. */
  age(now: { readonly wallAt: number; readonly monotonicMs: number }): void;
  /** The last sequence that has been in the log for so long, by the time reckoned; 0 when none has. */
  agedUpTo(retentionMs: number): number;
  /** Deletes at most `rowsMax` deltas that are behind the durable cursor and up to `agedUpTo`; answers how many. */
  trim(options: { readonly agedUpTo: number; readonly rowsMax: number }): number;
};
