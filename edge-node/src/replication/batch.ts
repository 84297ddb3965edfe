import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import type { LogSlice } from './replication-log.ts';

/** A piece of the log on its way. */
export type Batch = {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly deltas: number;
  readonly bytes: Uint8Array;
  readonly messageId: string;
};

/**
 * The slice as a message. `run` is new after every rewind: a resend is there because central lacks it, and the broker's
 * deduplication, which remembers ids of messages long gone, must not swallow it. `downAck` is the last of central's directives
 * whose effects are all in the log up to the end of the slice: should this node be lost, its log is taken up from there.
 */
export function batchOf(
  identity: LogIdentity,
  slice: LogSlice,
  {
    run,
    downAck,
    digest,
  }: { readonly run: string; readonly downAck: number; readonly digest?: Uint8Array | undefined },
): Batch {
  const { firstSequence, lastSequence, hashBefore, hashLast, deltas } = slice;
  const bytes = encodeUpBatch({
    ...identity,
    firstSequence,
    lastSequence,
    hashBefore,
    hashLast,
    schema: SCHEMA_MAX,
    downAck,
    deltas,
    ...(digest === undefined ? {} : { digest }),
  });
  const { warehouse, epoch, instance } = identity;
  const hash = Buffer.from(hashLast.buffer, hashLast.byteOffset, 4).toString('hex');
  const messageId = [warehouse, epoch, instance, `${firstSequence}-${lastSequence}`, hash, run]
    .filter((part) => part !== '')
    .join('.');
  return { firstSequence, lastSequence, deltas: deltas.length, bytes, messageId };
}
