import type { Sku } from '../inventory/ids.ts';
import type { MovementDetails } from '../inventory/movement.ts';
import type { Quantities } from '../inventory/position.ts';

/**
 * One sequence's change of one position, as recorded and as replicated. It carries the change *and* the new state with its
 * version, so that a reader converges on the state even where history is still missing. The sequence is not in the bytes:
 * a delta's place in the chain is its sequence.
 */
export type Delta = {
  /** Code of the movement kind; may be one that this release does not know. */
  readonly kind: number;
  readonly sku: Sku;
  /** Units: the signed change of on hand; for `move` the units moved. */
  readonly quantity: number;
  /** The position's version after this change. */
  readonly version: number;
  /** Sequence of the position's previous delta, 0 for its first: walks a position's history without an index. */
  readonly previous: number;
  /** The position after this change. */
  readonly state: Quantities;
  /** When it was recorded, by the node's wall clock, milliseconds since 1970 UTC. Data, never order. */
  readonly at: number;
  /** Index of the line in its command: 0 starts a new command. */
  readonly line: number;
  readonly details: MovementDetails;
};

/** The current state of one position, sent ahead of its history by a node that is far behind. */
export type StateRow = {
  readonly sku: Sku;
  readonly version: number;
  readonly sequence: number;
  readonly state: Quantities;
  readonly at: number;
};
