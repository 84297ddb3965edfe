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
import { jetStreamErrorCode, STREAM_NOT_FOUND } from './jetstream-error.ts';
import { markOf, refuseOtherOwner, type StreamOwner } from './jetstream-stream-owner.ts';

/** What may wait at the broker, and how it waits for those who read. */
export type StreamLimits = {
  readonly ageMsMax: number;
  readonly bytesMax: number;
  readonly messagesPerSubjectMax: number;
  readonly messageBytesMax: number;
  /** A message id that comes again within this is dropped. */
  readonly duplicateWindowMs: number;
  /** What is not acknowledged within this is delivered again. */
  readonly ackWaitMs: number;
  readonly ackPendingMax: number;
};

/** A stream in one direction between nodes and central. It is transport: the log at its sender is the truth. */
export class BoundedStream {
  readonly #name: string;
  readonly #subjects: string[];
  readonly #limits: StreamLimits;

  constructor(name: string, subjects: readonly string[], limits: StreamLimits) {
    this.#name = name;
    this.#subjects = [...subjects];
    this.#limits = limits;
  }

  /**
   * Makes the stream of this owner, or brings an existing one to these settings. True when it had to be made. Throws
   * `StreamOfAnotherStore`. Of two that make it at the same time the broker refuses one, since their marks differ.
   */
  async ensure(manager: JetStreamManager, owner: StreamOwner): Promise<boolean> {
    const config = { ...this.#config(), description: markOf(owner) };
    try {
      refuseOtherOwner((await manager.streams.info(this.#name)).config.description, owner);
      await manager.streams.update(this.#name, config);
      return false;
    } catch (error) {
      if (jetStreamErrorCode(error) !== STREAM_NOT_FOUND) throw error;
    }
    await manager.streams.add({ name: this.#name, ...config });
    return true;
  }

  /** The settings of a durable consumer of a subject, which gets every message until it acknowledges it. */
  durable(name: string, filter: string) {
    return {
      durable_name: name,
      filter_subject: filter,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.#limits.ackWaitMs),
      // A finite number parks messages silently.
      max_deliver: -1,
      max_ack_pending: this.#limits.ackPendingMax,
    } satisfies Partial<ConsumerConfig>;
  }

  /**
   * True when the consumer waits for sequences the stream will only reach again (the broker's store was damaged, or the stream
   * made anew): it is then given nothing, and nobody is told. Rejects with the broker's answer where one of them is not there.
   */
  async isBehind(manager: JetStreamManager, consumer: string): Promise<boolean> {
    const { delivered } = await manager.consumers.info(this.#name, consumer);
    const { state } = await manager.streams.info(this.#name);
    return delivered.stream_seq > state.last_seq;
  }

  #config() {
    const limits = this.#limits;
    return {
      subjects: this.#subjects,
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      // Refusing the new is back-pressure that the sender sees; dropping the old would be loss, or a gap at the reader.
      discard: DiscardPolicy.New,
      discard_new_per_subject: true,
      max_age: nanos(limits.ageMsMax),
      max_bytes: limits.bytesMax,
      max_msgs_per_subject: limits.messagesPerSubjectMax,
      max_msg_size: limits.messageBytesMax,
      duplicate_window: nanos(limits.duplicateWindowMs),
    } satisfies Partial<StreamConfig>;
  }
}
