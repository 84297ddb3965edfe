import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { DOWN_STREAM, downConsumer } from '@edgestock/shared/protocol/subjects';
import { Backoff } from '@edgestock/shared/runtime/backoff';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import type { Service } from '@edgestock/shared/runtime/service';
import { type ConsumerMessages, type JsMsg, type NatsConnection, NatsError } from 'nats';
import { Doorbell } from './doorbell.ts';
import { replicationLimits as limits } from './limits.ts';
import type { DownMessage } from './link.ts';

/**
 * Reads this node's messages from the stream down, for ever. The stream and its consumer are central's: they may not be there
 * yet, or be made anew at any time, and the broker may be restarted. Whatever ends the reading, it begins again; every broken
 * link ends it, because a consumer may be gone when the link comes back and the client would go on waiting for it.
 */
export class JetStreamDown implements Service {
  readonly #warehouse: WarehouseId;
  readonly #listener: (message: DownMessage) => void;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #bell: Doorbell;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #connection: NatsConnection | undefined;
  /** Aborts when the link breaks under what is being read. */
  #link = new AbortController();

  constructor(options: {
    warehouse: WarehouseId;
    /** The open link, if there is one. */
    connection: NatsConnection | undefined;
    listener: (message: DownMessage) => void;
    clock: Clock;
    random: Random;
    log: Log;
  }) {
    this.#warehouse = options.warehouse;
    this.#connection = options.connection;
    this.#listener = options.listener;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#bell = new Doorbell(options.clock);
    this.#backoff = new Backoff({
      firstDelayMs: limits.downRetryFirstMs,
      delayMsMax: limits.downRetryMsMax,
      random: options.random,
    });
    this.#running = this.#readForEver();
  }

  /** The link was restored, or is broken (`undefined`). */
  follow(connection: NatsConnection | undefined): void {
    this.#link.abort();
    this.#link = new AbortController();
    this.#connection = connection;
    this.#backoff.reset();
    this.#bell.ring();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#link.abort();
    await this.#running;
  }

  async #readForEver(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const connection = this.#connection;
      if (connection === undefined) {
        await this.#bell.wait(limits.downRetryMsMax, signal);
        continue;
      }
      const link = this.#link.signal;
      try {
        await this.#read(connection, link);
      } catch (error) {
        if (!link.aborted && !signal.aborted) this.#noteFailure(error);
      }
      if (!link.aborted) await this.#bell.wait(this.#backoff.nextDelayMs(), signal);
    }
  }

  /** Ends when the link breaks; also when the consumer is gone, most often with an error. */
  async #read(connection: NatsConnection, link: AbortSignal): Promise<void> {
    const messages = await orAborted(this.#consume(connection, link), link);
    if (messages === undefined) return;
    if (this.#backoff.attempt > 1) this.#log.info({ consumer: downConsumer(this.#warehouse) }, 'the way down is open');
    this.#backoff.reset();
    const end = () => messages.stop();
    link.addEventListener('abort', end, { once: true });
    try {
      for await (const message of messages) this.#tell(message, link);
    } finally {
      link.removeEventListener('abort', end);
    }
  }

  /** Nothing when the link has broken meanwhile: a reading that nobody follows would take messages from the next one. */
  async #consume(connection: NatsConnection, link: AbortSignal): Promise<ConsumerMessages | undefined> {
    const consumer = await connection.jetstream().consumers.get(DOWN_STREAM, downConsumer(this.#warehouse));
    if (link.aborted) return undefined;
    const messages = await consumer.consume({
      max_messages: limits.downFetchAheadMessages,
      expires: limits.downPullMs,
      idle_heartbeat: limits.downIdleHeartbeatMs,
      // Without it the iterator neither ends nor throws when its stream or consumer is deleted.
      abort_on_missing_resource: true,
    });
    if (!link.aborted) return messages;
    messages.stop();
    return undefined;
  }

  #tell(message: JsMsg, link: AbortSignal): void {
    if (link.aborted) return;
    this.#listener({
      bytes: message.data,
      acknowledge: () => {
        try {
          message.ack();
        } catch (error) {
          // The connection is closed: the broker offers the message again, and then it is a duplicate.
          if (!(error instanceof NatsError)) throw error;
          this.#log.debug({ reason: error.message }, 'directives could not be acknowledged');
        }
      },
    });
  }

  #noteFailure(error: unknown): void {
    const facts = { consumer: downConsumer(this.#warehouse), reason: reasonOf(error) };
    if (this.#backoff.attempt !== 1) this.#log.debug(facts, 'the way down is not there');
    else
      this.#log.warn(
        { ...facts, hint: 'central makes it when it knows this node; trying for ever' },
        'the way down is not there',
      );
  }
}

/** The result, or nothing as soon as the signal aborts. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = () => resolve(undefined);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
