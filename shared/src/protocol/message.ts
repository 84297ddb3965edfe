import type { WarehouseId } from '../inventory/ids.ts';
import type { StateRow } from './delta.ts';

/** Which log: the node, the life of the node that central numbered, and the installation that writes it. */
export type LogIdentity = {
  readonly warehouse: WarehouseId;
  /** Issued by central at enrolment; 0 while provisional. */
  readonly epoch: number;
  /** Random, made at each install: two machines that claim one epoch differ here. */
  readonly instance: string;
};

/** A run of consecutive deltas of one node's log. `deltas[i]` are the canonical bytes of sequence `firstSequence + i`. */
export type UpBatch = LogIdentity & {
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain hash before the first delta and after the last. */
  readonly hashBefore: Uint8Array;
  readonly hashLast: Uint8Array;
  /** Minor schema version of the deltas. */
  readonly schema: number;
  /** How far the node has carried out central's directives (the last sequence of the log down); 0 until there are any. */
  readonly downAck: number;
  readonly deltas: readonly Uint8Array[];
  /** The digest of all positions after the last delta (`position-digest.ts`); absent on most batches. */
  readonly digest?: Uint8Array;
};

/** Current states, ahead of history or for repair. Idempotent and order-free: ahead of history a row is applied only if its version is newer. */
export type StateMessage = LogIdentity & {
  /** The node's last committed sequence when the rows were read. */
  readonly asOfSequence: number;
  readonly schema: number;
  readonly rows: readonly StateRow[];
  /** Absent where the rows go ahead of history, which is nearly always. */
  readonly repair?: StateRepair;
};

/**
 * The rows are positions of one bucket of the digest, each as it was at `asOfSequence` or later. What the reader has from up to
 * there and finds otherwise is wrong.
 */
export type StateRepair = {
  readonly bucket: number;
  /** They are all there were: another one that the reader has from up to there is wrong, too. */
  readonly isWhole: boolean;
};

/** A run of consecutive directives of central's log for one node. `directives[i]` are the canonical bytes of sequence `firstSequence + i`. */
export type DownBatch = {
  readonly warehouse: WarehouseId;
  /** The life of central that wrote them. */
  readonly centralEpoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Chain hash before the first directive and after the last. */
  readonly hashBefore: Uint8Array;
  readonly hashLast: Uint8Array;
  readonly schema: number;
  readonly directives: readonly Uint8Array[];
};
