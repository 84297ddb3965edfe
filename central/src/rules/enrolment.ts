import type { EnrolRequest } from '@edgestock/shared/protocol/control';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { centralLimits } from '../limits.ts';
import type { NodeRecord } from './node-record.ts';
import { sameHash } from './same-hash.ts';

/** Central's answer to a node that asks to be known. */
export type Enrolment =
  | {
      readonly outcome: 'enrolled';
      readonly epoch: number;
      readonly centralEpoch: number;
      /** Where central stands in the node's log, and the chain hash there (hex). */
      readonly cursor: { readonly applied: number; readonly hash: string };
    }
  | Refusal;

type Refusal = { readonly outcome: 'refused'; readonly reason: string; readonly hint: string };

/** What to do: in order of precedence. `new` creates the record; `known` changes at most its epoch, and the installation with it. */
export type EnrolmentDecision =
  | Refusal
  /** `isForgotten`: another life of central knew it already, so nothing is promised of it before it is settled. */
  | { readonly outcome: 'new'; readonly epoch: number; readonly isForgotten: boolean }
  | { readonly outcome: 'known'; readonly epoch: number };

export type EnrolmentContext = {
  /** How many warehouses are enrolled already. */
  readonly warehouses: number;
  /** Chain hash central has for the place the node stands at; `undefined` when it has none. */
  readonly hashAtPlace: Uint8Array | undefined;
  /** When the installation that asks lost the warehouse to one that rejoined, and the epoch in which that one goes on. */
  readonly overtaken?: { readonly epoch: number; readonly at: number } | undefined;
};

/**
 * A new warehouse is taken in with the log it has, nothing renumbered: its epoch is the one it was given by an earlier
 * central, or the first. A known one must be the same installation with a log that still holds what central applied.
 */
export function decideEnrolment(
  record: NodeRecord | undefined,
  request: EnrolRequest,
  context: EnrolmentContext,
): EnrolmentDecision {
  const { place, schema } = request;
  if (schema[0] > SCHEMA_MAX || schema[1] < SCHEMA_MIN) {
    return refused(
      `the node speaks schema ${schema[0]} to ${schema[1]}, central ${SCHEMA_MIN} to ${SCHEMA_MAX}`,
      'update central first, then the nodes',
    );
  }
  if (record === undefined) {
    if (context.warehouses >= centralLimits.warehousesMax) {
      return refused(
        `${context.warehouses} warehouses are enrolled, the most there can be`,
        'remove one, or run a second central, with a broker of its own',
      );
    }
    return { outcome: 'new', epoch: Math.max(1, place.epoch), isForgotten: place.epoch > 0 && place.sequence > 0 };
  }
  // Only a central numbers epochs: this one, before it was put back to an earlier state. In that epoch the node's word is the last.
  const isLaterLife = place.epoch > record.epoch && record.unsettled !== undefined;
  const isOther = record.instance !== request.instance && !isLaterLife;
  if (isOther && context.overtaken !== undefined) {
    const since = new Date(context.overtaken.at).toISOString();
    return refused(
      `another installation of this warehouse has rejoined in its place at ${since}, as epoch ${context.overtaken.epoch}`,
      `run that one. If this is the right one after all, it can take the warehouse back: edgestock edge rejoin; ${KEPT}`,
    );
  }
  if (isOther) {
    return refused(
      'another installation owns this warehouse',
      `run the one installation that owns it. If this one is in its place now, on another disk or machine, let it take over: edgestock edge rejoin. If this is another warehouse, give the node an id of its own with --warehouse; ${KEPT}`,
    );
  }
  if (place.epoch > record.epoch && !isLaterLife) {
    return refused(
      `central never issued epoch ${place.epoch}`,
      'was central restored from a backup? A person has to decide',
    );
  }
  if (place.epoch !== 0 && place.epoch < record.epoch) {
    return refused(
      `epoch ${place.epoch} has ended; the warehouse is in ${record.epoch}`,
      `this data directory is of an earlier life of the warehouse: run the one that is in epoch ${record.epoch}; ${KEPT}`,
    );
  }
  if (record.fence !== undefined && !isLaterLife)
    return refused(
      record.fence.reason,
      `see which of its installations is the right one, and let that one take over: edgestock edge rejoin; ${KEPT}`,
    );
  if (context.hashAtPlace !== undefined && !sameHash(context.hashAtPlace, Buffer.from(place.hash, 'hex'))) {
    return refused(
      `central has another history at sequence ${place.sequence}`,
      `was the node restored or cloned? Take back what central has of its log: edgestock edge rejoin; ${KEPT}`,
    );
  }
  if (place.sequence < record.appliedUpTo) {
    return refused(
      `the node's log ends at ${place.sequence}, central has applied ${record.appliedUpTo}`,
      `was the node restored from a backup? Take back what is missing: edgestock edge rejoin; ${KEPT}`,
    );
  }
  const committed = record.heard?.committed ?? 0;
  if (place.epoch === record.epoch && place.sequence < committed) {
    return refused(
      `the node's log ends at ${place.sequence}; when it was last heard it had committed ${committed}`,
      `it has lost what came after, and must not give those places to other movements: edgestock edge rejoin; ${KEPT}`,
    );
  }
  return { outcome: 'known', epoch: Math.max(record.epoch, place.epoch) };
}

/** What whoever reads a refusal must not fear. */
const KEPT = 'what this node sells meanwhile is kept in its own log';

function refused(reason: string, hint: string): Refusal {
  return { outcome: 'refused', reason, hint };
}
