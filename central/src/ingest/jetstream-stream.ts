import { wireLimits } from '@edgestock/shared/protocol/limits';
import { type Lane, laneConsumer, laneFilter, UP_STREAM, upStreamSubjects } from '@edgestock/shared/protocol/subjects';
import { BoundedStream } from '@edgestock/shared/transport/jetstream-bounded-stream';
import { jetStreamErrorCode, STREAM_NOT_FOUND } from '@edgestock/shared/transport/jetstream-error';
import type { StreamOwner } from '@edgestock/shared/transport/jetstream-stream-owner';
import type { JetStreamManager } from 'nats';

const DAY_MS = 24 * 3_600 * 1_000;

/** The bounds of what waits at the broker. It is transport: the nodes' logs are the truth (P2). */
export const streamLimits = {
  ageMsMax: 7 * DAY_MS,
  bytesMax: 1_024 * 1_024 * 1_024,
  /** Of one node and lane, so that one noisy warehouse cannot starve the others. */
  messagesPerSubjectMax: 20_000,
  duplicateWindowMs: 2 * 60_000,
  ackWaitMs: 60_000,
  /**
   * The client reads ahead as far as the broker lets it, however slowly its iterator is read; so this bounds the memory of a
   * backlog: times 8 shards and 22 kB of a full batch, 45 MB. 1,000 would be 180 MB, and were no faster.
   */
  ackPendingMax: 256,
  messageBytesMax: wireLimits.messageBytesMax,
} as const;

const stream = new BoundedStream(UP_STREAM, upStreamSubjects, streamLimits);

/** Makes the stream, or brings an existing one to these settings. True when it had to be made. Throws `StreamOfAnotherStore`. */
export function ensureStream(manager: JetStreamManager, owner: StreamOwner): Promise<boolean> {
  return stream.ensure(manager, owner);
}

/** Makes the durable consumer of one lane of one shard, or brings an existing one to these settings. */
export async function ensureConsumer(manager: JetStreamManager, lane: Lane, shard: number): Promise<void> {
  const name = laneConsumer(lane, shard);
  const config = stream.durable(name, laneFilter(lane, shard));
  try {
    await manager.consumers.add(UP_STREAM, config);
  } catch (error) {
    // It exists with other settings: those that may change are changed.
    if (jetStreamErrorCode(error) === STREAM_NOT_FOUND) throw error;
    await manager.consumers.update(UP_STREAM, name, config);
  }
}

/** True when the consumer waits for what the stream will only reach again: it is to be made anew. */
export function isConsumerAheadOfStream(manager: JetStreamManager, lane: Lane, shard: number): Promise<boolean> {
  return stream.isBehind(manager, laneConsumer(lane, shard));
}
