import type { Sku } from '../inventory/ids.ts';
import type { Condition } from '../inventory/movement.ts';
import type { Quantities } from '../inventory/position.ts';

/** What a movement says beyond its quantity. Absent fields cost nothing on the wire. */
export type MovementDetails = {
  /** The document that caused it: receipt, purchase order, count sheet. */
  readonly document?: string;
  /** Who did it: a till, a person, a program. */
  readonly actor?: string;
  /** A reason code; required for `adjust`. */
  readonly reason?: string;
  /** Where the units were (or now are, for what comes in). Absent = the default bin. */
  readonly bin?: string;
  readonly lot?: string;
  /** Expiry date of the lot, `YYYY-MM-DD`. */
  readonly expiry?: string;
  /** Condition of the units before. Absent = sellable. */
  readonly condition?: Condition;
  /** For `move`: where the units went, and as what. */
  readonly toBin?: string;
  readonly toCondition?: Condition;
  readonly serials?: readonly string[];
  /** For `count`: what was seen, and the log place at which it was seen. */
  readonly counted?: number;
  readonly atSequence?: number;
  /** When it happened by the reporter's own clock, milliseconds since 1970 UTC, when that differs from the record's time. */
  readonly occurredAt?: number;
};

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
