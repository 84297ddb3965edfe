import { z } from 'zod';
import { hashHex, place, schemaRange, sequence } from './control.ts';
import { snapshotManifest } from './snapshot.ts';

/**
 * A node that was restored, cloned or rebuilt asks central to be the one that goes on (docs/protocol.md "Rejoining"): `look`
 * shows what central knows, `take-over` decides, `log` and `states` give back what central has. JSON, like all control messages.
 */
const warehouse = z.string();
const instance = z.string().min(8).max(64);

/** Which SKUs are counted before they are granted again. */
export const recounts = ['none', 'moved', 'all'] as const;
export type Recount = (typeof recounts)[number];

export const rejoinRequest = z.discriminatedUnion('ask', [
  /** Changes nothing. */
  z.object({ ask: z.literal('look'), warehouse, instance, place }),
  z.object({
    ask: z.literal('take-over'),
    warehouse,
    /** Fresh: made for this rejoin. Asking again with it gives the same answer. */
    instance,
    /** The epoch that the `look` has shown: a decision that was made meanwhile is not undone unseen. */
    sawEpoch: sequence,
    schema: schemaRange,
    /** Absent = as central's rule has it. */
    recount: z.enum(recounts).optional(),
    /** The node can begin with a snapshot where central's log does. */
    takesSnapshots: z.boolean().optional(),
  }),
  /** A chunk of the snapshot with which central's log begins. */
  z.object({ ask: z.literal('snapshot'), warehouse, instance, index: sequence }),
  /** The batches after a place, in order; only for the instance that took over. */
  z.object({ ask: z.literal('log'), warehouse, instance, after: sequence }),
  /** States that central knows beyond its log, after a SKU. */
  z.object({ ask: z.literal('states'), warehouse, instance, after: z.string() }),
]);
export type RejoinRequest = z.infer<typeof rejoinRequest>;
export type TakeOverRequest = Extract<RejoinRequest, { ask: 'take-over' }>;

/** A time, milliseconds since 1970 UTC. */
const time = z.number().int();

export const known = z.object({
  outcome: z.literal('known'),
  epoch: sequence,
  /** Central's cursor: what it can give back. */
  applied: sequence,
  hash: hashHex,
  /** The node that asks is the installation that owns the warehouse now. */
  isOwner: z.boolean(),
  /** Its log, as far as it reaches, is central's; absent where central cannot tell. */
  isPrefix: z.boolean().optional(),
  /** Why the owner may not go on; absent while it may. */
  fence: z.string().optional(),
  /** The last heartbeat of the owner, and what it had committed then; absent when it was never heard. */
  heard: z.object({ at: time, committed: sequence }).optional(),
  /** The last time at which central knew everything the owner had; 0 = never. */
  knownAt: time,
  /** The place of the snapshot with which its log begins, and the hash there; absent where it begins with the first movement. */
  beginsAt: z.object({ sequence, hash: hashHex }).optional(),
  /** What is counted first unless somebody says otherwise, before any state beyond the log is looked at; absent of an older central. */
  recount: z.enum(recounts).optional(),
  time,
});
export type KnownAtCentral = z.infer<typeof known>;

/** The snapshot with which central's log begins, and whose it was. */
const beginning = snapshotManifest.extend({ instance });
export type LogBeginning = z.infer<typeof beginning>;

const takenOver = z.object({
  outcome: z.literal('taken-over'),
  epoch: z.number().int().positive(),
  /** The log up to here is given back; the new epoch begins after it. */
  applied: sequence,
  hash: hashHex,
  /** The last directive whose effects are in that log, and the chain hash there. */
  down: z.object({ centralEpoch: sequence, sequence, hash: hashHex }),
  recount: z.enum(recounts),
  /** Movements that the life before had, as far as central heard, and that nobody has any more. */
  lost: sequence,
  /** What happened in this time may be missing. */
  window: z.object({ from: time, to: time }),
  /** SKUs of which central knows a state beyond the log. */
  statesAhead: sequence,
  /** What is given back before the log; absent where that begins with the first movement. */
  snapshot: beginning.optional(),
});
export type TakenOver = z.infer<typeof takenOver>;

const quantity = z.number().int();
const stateAhead = z.object({
  ...{ sku: z.string(), onHand: quantity, unsellable: quantity, granted: sequence },
  /** Of the movement that led to it: its place in the log that ended, the position's version, and when. Absent where an older central kept none. */
  ledToBy: z.object({ sequence, version: sequence, at: time }).optional(),
});
export type StateAhead = z.infer<typeof stateAhead>;

export const rejoinReply = z.discriminatedUnion('outcome', [
  known,
  takenOver,
  /** Batches as they came, base64; none after the last one. */
  z.object({ outcome: z.literal('log'), batches: z.array(z.string()) }),
  z.object({ outcome: z.literal('snapshot'), chunk: z.string() }),
  z.object({ outcome: z.literal('states'), states: z.array(stateAhead) }),
  /** Nothing was changed. */
  z.object({ outcome: z.literal('refused'), reason: z.string(), hint: z.string() }),
]);
export type RejoinReply = z.infer<typeof rejoinReply>;

const logEnd = z.object({ sequence, hash: hashHex });
/** Where a log ends, and the chain hash there. */
export type LogEnd = z.infer<typeof logEnd>;

/** A rejoin as the node that rejoins writes it down: each step before the next one begins, so that it survives a crash. */
export const rejoinUnderWay = z.object({
  /** Made for this rejoin: central answers it always the same. */
  instance,
  sawEpoch: sequence,
  recount: z.enum(recounts).optional(),
  askedAt: time,
  /** Absent until central has decided. */
  taken: takenOver.optional(),
  /** Absent until the whole log is taken over. */
  statesAhead: z.array(stateAhead).readonly().optional(),
  /** The end of the former books up to which the new ones are told, written before they are; absent where there are none. */
  toldUpTo: logEnd.optional(),
});
export type RejoinUnderWay = z.infer<typeof rejoinUnderWay>;
