import { z } from 'zod';

/**
 * The control messages: JSON over core NATS request and reply. They are few, they must be readable with any NATS client on a
 * bad day, and they grow by adding fields; so JSON, unlike the log, which is msgpack.
 */
export const sequence = z.number().int().nonnegative();
export const hashHex = z.string().regex(/^[0-9a-f]{64}$/);
export const schemaRange = z.tuple([z.number().int().positive(), z.number().int().positive()]);

/** A place in a node's log. */
export const place = z.object({ epoch: sequence, sequence, hash: hashHex });

export const enrolRequest = z.object({
  warehouse: z.string(),
  instance: z.string().min(8).max(64),
  /** Where the node's own log stands; epoch 0 while provisional. */
  place,
  schema: schemaRange,
});
export type EnrolRequest = z.infer<typeof enrolRequest>;

export const enrolReply = z.discriminatedUnion('outcome', [
  /** Known: write in this epoch. Asking again gives the same answer. */
  z.object({
    outcome: z.literal('enrolled'),
    epoch: z.number().int().positive(),
    centralEpoch: z.number().int().positive(),
    /** Central's cursor in this node's log and the chain hash there, to be judged before anything is said; absent from older centrals. */
    cursor: z.object({ applied: sequence, hash: hashHex }).optional(),
  }),
  /** Refused until a person decides: another installation owns this warehouse, or the log is not the one central knows. */
  z.object({ outcome: z.literal('refused'), reason: z.string(), hint: z.string() }),
]);
export type EnrolReply = z.infer<typeof enrolReply>;

export const heartbeatRequest = z.object({
  warehouse: z.string(),
  instance: z.string(),
  place,
  /** Last sequence handed to the broker. Central holds its reply back a moment while it has not applied this much. */
  sent: sequence,
  /** What the node believes central has applied. */
  applied: sequence,
  schema: schemaRange,
  /** The node's wall clock, milliseconds since 1970 UTC: measures skew, orders nothing. */
  clock: z.number().int(),
  /**
   * How far the node has carried out central's log, and the chain hash there; absent from a node of schema 1. With `need`, a
   * later directive came and the next one did not: send again from there.
   */
  down: z.object({ centralEpoch: sequence, sequence, hash: hashHex, need: z.boolean().optional() }).optional(),
  /** The node has stopped sending by its own judgement, and why; absent while it has not. */
  fence: z.object({ reason: z.string() }).optional(),
});
export type HeartbeatRequest = z.infer<typeof heartbeatRequest>;

export const heartbeatReply = z.object({
  /** Central's cursor in this node's log, and the chain hash there. */
  applied: sequence,
  hash: hashHex,
  centralEpoch: z.number().int().positive(),
  schema: schemaRange,
  time: z.number().int(),
  /** Send again from here: central met a gap. */
  need: sequence.optional(),
  /** Stop: this log may not go on in this epoch. A person decides. */
  fence: z.object({ epoch: sequence, reason: z.string() }).optional(),
  /** Most deltas the node may have sent beyond `applied`. */
  window: z.number().int().positive(),
  /** Send the present states of these SKUs on the state lane: central could not apply a delta of theirs. Mostly absent. */
  wanted: z.array(z.string()).optional(),
  /** Send all positions of these buckets: central's are not what the node's digest says. Absent unless something is wrong. */
  repair: z.array(z.number().int().nonnegative()).optional(),
  /** State the digest soon: the last one could not be judged, or positions were repaired after it. Mostly absent. */
  digest: z.boolean().optional(),
});
export type HeartbeatReply = z.infer<typeof heartbeatReply>;

/** A node asks for quota back, with a buyer at its counter. Central gives what it has not promised, which may be less or nothing. */
export const lastUnitsRequest = z.object({
  warehouse: z.string(),
  instance: z.string(),
  lines: z
    .array(z.object({ sku: z.string(), quantity: z.number().int().positive() }))
    .min(1)
    .max(100),
});
export type LastUnitsRequest = z.infer<typeof lastUnitsRequest>;

/** The totals ever given back, as the directive that follows on the log down says them too. */
export const lastUnitsReply = z.object({
  lines: z.array(z.object({ sku: z.string(), returned: sequence })),
});
export type LastUnitsReply = z.infer<typeof lastUnitsReply>;
