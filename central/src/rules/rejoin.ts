import type { Recount, TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { knownUpTo } from './freshness.ts';
import type { NodeRecord } from './node-record.ts';

/** A life of a node that began with a rejoin, as it was decided. */
export type NodeLife = {
  readonly epoch: number;
  readonly instance: string;
  readonly begunAt: number;
  /** Central's cursor then: the life begins after it. */
  readonly applied: number;
  readonly hash: Uint8Array;
  /** The last directive whose effects are in the log up to there, and the chain hash there. */
  readonly downSequence: number;
  readonly downHash: Uint8Array;
  readonly recount: Recount;
  /** Movements of the life before that were heard of and never came. */
  readonly lost: number;
  /** Up to when everything of the life before was known; 0 = never. */
  readonly knownAt: number;
};

export type RejoinDecision =
  | { readonly outcome: 'refused'; readonly reason: string; readonly hint: string }
  /** Decided before, for this very instance. */
  | { readonly outcome: 'again'; readonly life: NodeLife }
  | { readonly outcome: 'take-over'; readonly life: NodeLife };

export type RejoinContext = {
  /** The life that this instance has, or had. */
  readonly life: NodeLife | undefined;
  /** First sequence that central's log holds; `undefined` when it holds none. */
  readonly firstSequence: number | undefined;
  /** It begins with a snapshot of the node, before whatever else there is. */
  readonly hasSnapshot: boolean;
  /** The last directive whose effects are in the log up to the cursor; its hash is absent where that part was trimmed. */
  readonly down: { readonly sequence: number; readonly hash: Uint8Array | undefined };
  /** SKUs of which central knows a state beyond its log. */
  readonly statesAhead: number;
  readonly now: number;
};

/**
 * Whether another installation goes on for a warehouse: in order of precedence. It takes over at central's cursor, in an epoch
 * of its own, whatever fence there was: of two clones the one that asks lives. An instance whose life is over is refused for
 * ever; one that asks again gets what it got.
 */
export function decideRejoin(
  record: NodeRecord | undefined,
  request: TakeOverRequest,
  context: RejoinContext,
): RejoinDecision {
  const { life, down, now } = context;
  if (record === undefined) {
    return refused('central knows no node of this warehouse', 'start the node: it is enrolled by itself');
  }
  if (request.schema[0] > SCHEMA_MAX || request.schema[1] < SCHEMA_MIN) {
    return refused(
      `the node speaks schema ${request.schema[0]} to ${request.schema[1]}, central ${SCHEMA_MIN} to ${SCHEMA_MAX}`,
      'update central first, then the nodes',
    );
  }
  if (life !== undefined) {
    if (life.epoch === record.epoch && record.instance === life.instance) return { outcome: 'again', life };
    return refused(
      `this rejoin was overtaken: the warehouse is in epoch ${record.epoch} since another installation rejoined`,
      'run the installation that owns the warehouse, or look again and rejoin anew',
    );
  }
  if (record.instance === request.instance || request.sawEpoch !== record.epoch) {
    return refused(
      `the warehouse is in epoch ${record.epoch}, not in ${request.sawEpoch}: something has changed since it was looked at`,
      'look again, and decide then',
    );
  }
  if (context.hasSnapshot && request.takesSnapshots !== true) {
    return refused(
      "central's log of this warehouse begins with a snapshot, which this release of the node cannot take",
      'update the node, and let it rejoin then',
    );
  }
  if (record.appliedUpTo > 0 && context.firstSequence !== 1 && !context.hasSnapshot) {
    return refused(
      `central's log of this warehouse begins at ${context.firstSequence ?? 'nothing'}: it cannot be given back whole`,
      'bring back a copy of the data directory whose log central knows',
    );
  }
  if (down.hash === undefined) {
    return refused(
      `what central asked of this node after directive ${down.sequence} is not kept any more, and may not be in its log`,
      'bring back a copy of the data directory whose log central knows',
    );
  }
  const lost = lostOf(record);
  return {
    outcome: 'take-over',
    life: {
      epoch: record.epoch + 1,
      instance: request.instance,
      begunAt: now,
      applied: record.appliedUpTo,
      hash: record.appliedHash,
      downSequence: down.sequence,
      downHash: down.hash,
      recount:
        request.recount ?? recountOf({ lost, statesAhead: context.statesAhead, isForgotten: isForgotten(record) }),
      lost,
      knownAt: knownUpTo(record) ?? 0,
    },
  };
}

/**
 * What is counted before it is granted again when nobody says: everything, where movements are known to be lost and central
 * was told of no states that could be theirs, or where central itself has forgotten what it was told; else what is known to have
 * moved.
 */
export function recountOf({
  lost,
  statesAhead,
  isForgotten = false,
}: {
  readonly lost: number;
  readonly statesAhead: number;
  readonly isForgotten?: boolean;
}): Recount {
  if (isForgotten || (lost > 0 && statesAhead === 0)) return 'all';
  return 'moved';
}

/** Movements that the last heartbeat told of and that never came. */
function lostOf({ heard, appliedUpTo }: NodeRecord): number {
  return Math.max(0, (heard?.committed ?? 0) - appliedUpTo);
}

/** What a rejoin now would have counted. Where states were told ahead of the log it may be less: those tell of the SKUs. */
export function recountAhead(record: NodeRecord): Recount {
  return recountOf({ lost: lostOf(record), statesAhead: 0, isForgotten: isForgotten(record) });
}

/** Central was put back to an earlier state, and has not heard since how far the node had come. */
function isForgotten({ unsettled }: NodeRecord): boolean {
  return unsettled !== undefined && unsettled.until === undefined;
}

function refused(reason: string, hint: string): RejoinDecision {
  return { outcome: 'refused', reason, hint };
}
