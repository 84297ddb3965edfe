import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Random } from '@edgestock/shared/runtime/random';
import {
  type BrokerCredentials,
  ConnectAborted,
  connectForEver,
} from '@edgestock/shared/transport/jetstream-connection';
import { Events, type JetStreamClient, type NatsConnection, NatsError } from 'nats';
import { JetStreamDown } from './jetstream-down.ts';
import { replicationLimits } from './limits.ts';
import { type DownMessage, type Link, LinkError, type LinkFailure } from './link.ts';

export type JetStreamLinkOptions = {
  readonly url: string | readonly string[];
  /** As the broker's monitoring shows it. */
  readonly name: string;
  /** Whose messages come down. */
  readonly warehouse: WarehouseId;
  /** The only subjects this node may subscribe to. */
  readonly inboxPrefix: string;
  readonly credentials?: BrokerCredentials;
  readonly retryDelayMs?: { readonly min: number; readonly max: number };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/**
 * The link over one NATS connection. Needs of JetStream's API nothing but publishing, and reading and acknowledging from its own
 * consumer: a node manages no streams.
 */
export class JetStreamLink implements Link {
  readonly #options: JetStreamLinkOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  /** What waits for an answer, so that a broken link need not wait for the timeouts. */
  readonly #waiting = new Set<(error: LinkError) => void>();
  readonly #running: Promise<void>;
  #connection: NatsConnection | undefined;
  #jetstream: JetStreamClient | undefined;
  #down: JetStreamDown | undefined;
  #isConnected = false;

  constructor(options: JetStreamLinkOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  onChange(listener: (isConnected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async publish(subject: string, bytes: Uint8Array, messageId: string): Promise<void> {
    const jetstream = this.#jetstream;
    if (jetstream === undefined || !this.#isConnected) throw disconnected();
    await this.#orBroken(() =>
      jetstream.publish(subject, bytes, { msgID: messageId, timeout: replicationLimits.publishTimeoutMs }),
    );
  }

  async request(subject: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const connection = this.#connection;
    if (connection === undefined || !this.#isConnected) throw disconnected();
    const reply = await this.#orBroken(() => connection.request(subject, JSON.stringify(body), { timeout: timeoutMs }));
    try {
      return reply.json<unknown>();
    } catch (cause) {
      throw new LinkError('refused', `the answer on ${subject} is not JSON`, { cause });
    }
  }

  onDown(listener: (message: DownMessage) => void): () => void {
    assert(this.#down === undefined, 'the way down has a listener already');
    const { warehouse, clock, random, log } = this.#options;
    const connection = this.#isConnected ? this.#connection : undefined;
    const down = new JetStreamDown({ warehouse, connection, listener, clock, random, log });
    this.#down = down;
    return () => {
      if (this.#down !== down) return;
      this.#down = undefined;
      void down.stop();
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#change(false);
    await this.#down?.stop();
    await this.#connection?.close();
    await this.#running;
  }

  /** Connects, follows the connection's state, and dials again when it breaks. */
  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      let connection: NatsConnection;
      try {
        connection = await connectForEver({ ...this.#options, redials: 'owner', signal: this.#closing.signal });
      } catch (error) {
        if (error instanceof ConnectAborted) return;
        throw error;
      }
      if (this.#closing.signal.aborted) return connection.close();
      this.#connection = connection;
      this.#jetstream = connection.jetstream();
      this.#change(true);
      void this.#follow(connection);
      await connection.closed();
      this.#change(false);
    }
  }

  /** The client's status iterator does not end when its connection is closed: nobody may wait for it. */
  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (connection !== this.#connection) return;
      if (type === Events.Disconnect) this.#change(false);
    }
  }

  #change(isConnected: boolean): void {
    if (isConnected === this.#isConnected || (isConnected && this.#closing.signal.aborted)) return;
    this.#isConnected = isConnected;
    this.#down?.follow(isConnected ? this.#connection : undefined);
    if (!isConnected) for (const fail of [...this.#waiting]) fail(disconnected());
    for (const listener of [...this.#listeners]) listener(isConnected);
  }

  #orBroken<T>(ask: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      ask()
        .then(resolve, (error: unknown) => reject(linkErrorOf(error)))
        .finally(() => this.#waiting.delete(reject));
    });
  }
}

function disconnected(): LinkError {
  return new LinkError('disconnected', 'the link to the broker is down');
}

const failureByCode: Readonly<Record<string, LinkFailure>> = {
  TIMEOUT: 'timeout',
  '503': 'no-responders',
  CONNECTION_CLOSED: 'disconnected',
  CONNECTION_DRAINING: 'disconnected',
  DISCONNECT: 'disconnected',
};

function linkErrorOf(error: unknown): unknown {
  if (!(error instanceof NatsError)) return error;
  // The client's error for "no responders" has its code as its whole message.
  const message = error.message === error.code ? error.code : `${error.code}: ${error.message}`;
  return new LinkError(failureByCode[error.code] ?? 'refused', message, { cause: error });
}
