import { type ConnectionOptions, connect, DebugEvents, Events, type NatsConnection } from 'nats';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';

/** How a process proves who it is; the broker's accounts decide what it may do. */
export type BrokerCredentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

export type BrokerOptions = {
  /** One address or several of one cluster: `nats://127.0.0.1:4222`. */
  readonly url: string | readonly string[];
  /** As the broker's monitoring shows it: `edge BER1`, `central ingest`. */
  readonly name: string;
  readonly credentials?: BrokerCredentials;
  /** First tokens of this client's own reply subjects, where the broker's permissions name them. Default `_INBOX`. */
  readonly inboxPrefix?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Gives up connecting when it aborts. An open connection is closed by its owner, not by this. */
  readonly signal?: AbortSignal;
  /**
   * Who dials again when an open connection breaks: the client, or its owner, who sees it closed. The client's wait between two
   * attempts cannot be cancelled: it keeps a process that has stopped alive for up to ten seconds. Default `client`.
   */
  readonly redials?: 'client' | 'owner';
  /** Told of each attempt to make the first connection that failed. */
  readonly onUnreachable?: (reason: string) => void;
  /** Bounds of the wait between two attempts, in milliseconds. */
  readonly retryDelayMs?: { readonly min: number; readonly max: number };
};

/** Wide enough that three hundred nodes do not fall upon a broker that has just come up. */
export const defaultRetryDelayMs = { min: 1_000, max: 10_000 } as const;
const PING_PERIOD_MS = 10_000;
const PINGS_MISSED_MAX = 2;
const DIAL_TIMEOUT_MS = 5_000;
/** Above `warn` only now and then: a broker that is away for days must not fill the log. */
const ATTEMPTS_PER_LOG_LINE = 30;

/** The caller aborted before there was a connection. */
export class ConnectAborted extends Error {
  override readonly name = 'ConnectAborted';
}

/**
 * A connection that comes back by itself for ever. It resolves once there is one, however long the broker takes to appear;
 * it rejects only with `ConnectAborted`. What is published with core NATS while the link is down is dropped without an
 * error, so anything that matters must be published with an awaited acknowledgement and repeated by its owner.
 */
export async function connectForEver(options: BrokerOptions): Promise<NatsConnection> {
  const { clock, log, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    if (signal?.aborted) throw new ConnectAborted(`connecting to ${options.url} was given up`);
    const dialling = connect(connectionOptions(options));
    try {
      const connection = await orAborted(dialling, signal);
      log.info({ broker: connection.getServer(), attempt }, 'broker connected');
      void reportStatus(connection, log);
      return connection;
    } catch (error) {
      if (signal?.aborted) {
        // The dial may still succeed after nobody wants it any more.
        void dialling.then(
          (late) => late.close(),
          () => undefined,
        );
        throw new ConnectAborted(`connecting to ${options.url} was given up`, { cause: error });
      }
      const facts = { broker: options.url, attempt, reason: reasonOf(error) };
      options.onUnreachable?.(facts.reason);
      if (attempt % ATTEMPTS_PER_LOG_LINE === 1) {
        log.warn(
          { ...facts, hint: 'is the broker up, and the address right? Trying for ever.' },
          'broker not reachable',
        );
      } else log.debug(facts, 'broker not reachable');
      await clock.sleep(retryDelayMs(options), signal);
    }
  }
}

function connectionOptions(options: BrokerOptions): ConnectionOptions {
  return {
    servers: typeof options.url === 'string' ? options.url : [...options.url],
    name: options.name,
    timeout: DIAL_TIMEOUT_MS,
    pingInterval: PING_PERIOD_MS,
    maxPingOut: PINGS_MISSED_MAX,
    reconnect: options.redials !== 'owner',
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => retryDelayMs(options),
    // The default closes the connection for good after two refused logins: a rotated password would end a node's replication.
    ignoreAuthErrorAbort: true,
    // Two stacks of every request, kept in case it fails: each error here is told by who asked, and says what it was about.
    noAsyncTraces: true,
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...credentialOptions(options.credentials),
  };
}

function credentialOptions(credentials: BrokerCredentials | undefined): ConnectionOptions {
  if (credentials === undefined) return {};
  return credentials.kind === 'token'
    ? { token: credentials.token }
    : { user: credentials.user, pass: credentials.password };
}

function retryDelayMs({ random, retryDelayMs: bounds = defaultRetryDelayMs }: BrokerOptions): number {
  return Math.round(bounds.min + random.fraction() * (bounds.max - bounds.min));
}

/** Tells the log what becomes of the connection, until it is closed. */
async function reportStatus(connection: NatsConnection, log: Log): Promise<void> {
  for await (const { type, data } of connection.status()) {
    if (type === Events.Disconnect) log.warn({ broker: data }, 'broker disconnected');
    else if (type === Events.Reconnect) log.info({ broker: data }, 'broker reconnected');
    else if (type === Events.Error) log.error({ reason: data }, 'broker refused something');
    else if (type === Events.LDM) log.info({ broker: data }, 'broker is about to stop');
    else if (type === DebugEvents.StaleConnection) log.warn({ missedPings: PINGS_MISSED_MAX }, 'broker silent');
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(new ConnectAborted('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
