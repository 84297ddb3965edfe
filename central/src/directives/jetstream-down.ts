import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { DOWN_STREAM, downConsumer, downStreamSubjects, downSubject } from '@edgestock/shared/protocol/subjects';
import { jetStreamErrorCode, STREAM_NOT_FOUND } from '@edgestock/shared/transport/jetstream-error';
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  type NatsConnection,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from 'nats';
import type { DownLink } from './down-link.ts';

const DAY_MS = 24 * 3_600 * 1_000;
const CONSUMER_NOT_FOUND = 10_014;
const PUBLISH_TIMEOUT_MS = 5_000;

/** The bounds of what waits at the broker. It is transport: central's log is the truth. */
export const downStreamLimits = {
  ageMsMax: 14 * DAY_MS,
  bytesMax: 1_024 * 1_024 * 1_024,
  /** Of one node. Above the most that may be sent ahead of it, so that only a broken trimming meets it. */
  messagesPerSubjectMax: 20_000,
  duplicateWindowMs: 2 * 60_000,
  ackWaitMs: 60_000,
  ackPendingMax: 256,
} as const;

const streamConfig = {
  subjects: downStreamSubjects,
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // Refusing the new is back-pressure that central sees; dropping the old would be a gap at the node.
  discard: DiscardPolicy.New,
  discard_new_per_subject: true,
  max_age: nanos(downStreamLimits.ageMsMax),
  max_bytes: downStreamLimits.bytesMax,
  max_msgs_per_subject: downStreamLimits.messagesPerSubjectMax,
  max_msg_size: wireLimits.messageBytesMax,
  duplicate_window: nanos(downStreamLimits.duplicateWindowMs),
} satisfies Partial<StreamConfig>;

/** The log down through JetStream: one stream, and one durable consumer for each node, both made here. */
export class JetStreamDown implements DownLink {
  readonly #connection: NatsConnection;
  /** Nodes that look for the stream at once share one look. */
  #ensuring: Promise<boolean> | undefined;

  /** The connection is closed by its owner. */
  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  async ensure(warehouse: WarehouseId): Promise<{ readonly isStreamNew: boolean }> {
    const manager = await this.#connection.jetstreamManager();
    this.#ensuring ??= ensureStream(manager).finally(() => {
      this.#ensuring = undefined;
    });
    const isStreamNew = await this.#ensuring;
    await ensureConsumer(manager, warehouse);
    return { isStreamNew };
  }

  async publish(warehouse: WarehouseId, bytes: Uint8Array, messageId: string): Promise<{ streamSequence: number }> {
    const options = { msgID: messageId, timeout: PUBLISH_TIMEOUT_MS, expect: { streamName: DOWN_STREAM } };
    const { seq } = await this.#connection.jetstream().publish(downSubject(warehouse), bytes, options);
    return { streamSequence: seq };
  }

  async forget(warehouse: WarehouseId, keepFrom?: number): Promise<void> {
    const manager = await this.#connection.jetstreamManager();
    const filter = downSubject(warehouse);
    try {
      await manager.streams.purge(DOWN_STREAM, keepFrom === undefined ? { filter } : { filter, seq: keepFrom });
    } catch (error) {
      if (jetStreamErrorCode(error) !== STREAM_NOT_FOUND) throw error;
    }
  }
}

/** Makes the stream, or brings an existing one to these settings. True when it had to be made. */
async function ensureStream(manager: JetStreamManager): Promise<boolean> {
  try {
    await manager.streams.update(DOWN_STREAM, streamConfig);
    return false;
  } catch (error) {
    if (jetStreamErrorCode(error) !== STREAM_NOT_FOUND) throw error;
  }
  await manager.streams.add({ name: DOWN_STREAM, ...streamConfig });
  return true;
}

/**
 * Makes the consumer of a node, or brings an existing one to these settings. One that waits for sequences the stream will only
 * reach again (the broker's store was damaged, or the stream made anew) would be given nothing, with no error: it is made anew.
 */
async function ensureConsumer(manager: JetStreamManager, warehouse: WarehouseId): Promise<void> {
  const name = downConsumer(warehouse);
  const config = {
    durable_name: name,
    filter_subject: downSubject(warehouse),
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(downStreamLimits.ackWaitMs),
    // A finite number parks messages silently.
    max_deliver: -1,
    max_ack_pending: downStreamLimits.ackPendingMax,
  } satisfies Partial<ConsumerConfig>;
  try {
    const consumer = await manager.consumers.info(DOWN_STREAM, name);
    const stream = await manager.streams.info(DOWN_STREAM);
    if (consumer.delivered.stream_seq <= stream.state.last_seq) {
      await manager.consumers.update(DOWN_STREAM, name, config);
      return;
    }
    await manager.consumers.delete(DOWN_STREAM, name);
  } catch (error) {
    if (jetStreamErrorCode(error) !== CONSUMER_NOT_FOUND) throw error;
  }
  await manager.consumers.add(DOWN_STREAM, config);
}
