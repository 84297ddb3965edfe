import { wireLimits } from '@edgestock/shared/protocol/limits';
import { type Lane, laneConsumer, laneFilter, UP_STREAM, upStreamSubjects } from '@edgestock/shared/protocol/subjects';
import { jetStreamErrorCode, STREAM_NOT_FOUND } from '@edgestock/shared/transport/jetstream-error';
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats';

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
} as const;

const streamConfig = {
  subjects: upStreamSubjects,
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // Refusing the new is back-pressure that the node sees; dropping the old would be loss that nobody sees.
  discard: DiscardPolicy.New,
  discard_new_per_subject: true,
  max_age: nanos(streamLimits.ageMsMax),
  max_bytes: streamLimits.bytesMax,
  max_msgs_per_subject: streamLimits.messagesPerSubjectMax,
  max_msg_size: wireLimits.messageBytesMax,
  duplicate_window: nanos(streamLimits.duplicateWindowMs),
} satisfies Partial<StreamConfig>;

/** Makes the stream, or brings an existing one to these settings. True when it had to be made. */
export async function ensureStream(manager: JetStreamManager): Promise<boolean> {
  try {
    await manager.streams.update(UP_STREAM, streamConfig);
    return false;
  } catch (error) {
    if (jetStreamErrorCode(error) !== STREAM_NOT_FOUND) throw error;
  }
  await manager.streams.add({ name: UP_STREAM, ...streamConfig });
  return true;
}

/** Makes the durable consumer of one lane of one shard, or brings an existing one to these settings. */
export async function ensureConsumer(manager: JetStreamManager, lane: Lane, shard: number): Promise<void> {
  const name = laneConsumer(lane, shard);
  const config = {
    durable_name: name,
    filter_subject: laneFilter(lane, shard),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(streamLimits.ackWaitMs),
    // A finite number parks messages silently.
    max_deliver: -1,
    max_ack_pending: streamLimits.ackPendingMax,
  } satisfies Partial<ConsumerConfig>;
  try {
    await manager.consumers.add(UP_STREAM, config);
  } catch (error) {
    // It exists with other settings: those that may change are changed.
    if (jetStreamErrorCode(error) === STREAM_NOT_FOUND) throw error;
    await manager.consumers.update(UP_STREAM, name, config);
  }
}

/**
 * True when the consumer waits for sequences the stream will only reach again: after damage to the broker's store it is then
 * given nothing, and nobody is told.
 */
export async function isConsumerAheadOfStream(manager: JetStreamManager, lane: Lane, shard: number): Promise<boolean> {
  const consumer = await manager.consumers.info(UP_STREAM, laneConsumer(lane, shard));
  const stream = await manager.streams.info(UP_STREAM);
  return consumer.delivered.stream_seq > stream.state.last_seq;
}
