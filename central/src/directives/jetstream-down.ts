import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { DOWN_STREAM, downConsumer, downStreamSubjects, downSubject } from '@edgestock/shared/protocol/subjects';
import { BoundedStream } from '@edgestock/shared/transport/jetstream-bounded-stream';
import { jetStreamErrorCode, STREAM_NOT_FOUND } from '@edgestock/shared/transport/jetstream-error';
import type { StreamOwner } from '@edgestock/shared/transport/jetstream-stream-owner';
import type { JetStreamManager, NatsConnection } from 'nats';
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
  messageBytesMax: wireLimits.messageBytesMax,
} as const;

const stream = new BoundedStream(DOWN_STREAM, downStreamSubjects, downStreamLimits);

/** The log down through JetStream: one stream, and one durable consumer for each node, both made here. */
export class JetStreamDown implements DownLink {
  readonly #connection: NatsConnection;
  readonly #owner: StreamOwner;
  /** Nodes that look for the stream at once share one look. */
  #ensuring: Promise<boolean> | undefined;

  /** The connection is closed by whoever has made it. */
  constructor(connection: NatsConnection, owner: StreamOwner) {
    this.#connection = connection;
    this.#owner = owner;
  }

  async ensure(warehouse: WarehouseId): Promise<{ readonly isStreamNew: boolean }> {
    const manager = await this.#connection.jetstreamManager();
    this.#ensuring ??= stream.ensure(manager, this.#owner).finally(() => {
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

/**
 * Makes the consumer of a node, or brings an existing one to these settings. One that waits for sequences the stream will only
 * reach again (the broker's store was damaged, or the stream made anew) would be given nothing, with no error: it is made anew.
 */
async function ensureConsumer(manager: JetStreamManager, warehouse: WarehouseId): Promise<void> {
  const name = downConsumer(warehouse);
  const config = stream.durable(name, downSubject(warehouse));
  try {
    if (!(await stream.isBehind(manager, name))) {
      await manager.consumers.update(DOWN_STREAM, name, config);
      return;
    }
    await manager.consumers.delete(DOWN_STREAM, name);
  } catch (error) {
    if (jetStreamErrorCode(error) !== CONSUMER_NOT_FOUND) throw error;
  }
  await manager.consumers.add(DOWN_STREAM, config);
}
