import { systemClock } from '@edgestock/shared/runtime/clock';
import { type Answer, Connection } from './connection.ts';

/** How often due requests are sent. */
const TICK_MS = 1;

export type OfferedAnswer = Answer & {
  /** From the moment at which the request was due, whether or not it could be sent then. */
  readonly latencyMs: number;
  /** The part of it before the request was sent: whoever offers had other things to do, or no connection was free. */
  readonly unsentMs: number;
};

export type OfferedResult = {
  readonly answered: number;
  /** Not sent at their time, because every connection of their server was still busy. */
  readonly late: number;
};

type Waiting = { readonly index: number; readonly dueMs: number };

/**
 * Offers requests at a steady rate, spread evenly over the servers, whether or not earlier ones have been answered. Resolves when
 * all are answered; rejects when a connection fails. `requestOf` is called with 0, 1, 2, ...
 */
export async function offeredLoad(options: {
  readonly urls: readonly string[];
  readonly connectionsPerServer: number;
  readonly perSecond: number;
  readonly durationMs: number;
  readonly requestOf: (index: number, host: string) => string;
  readonly onAnswer: (url: string, answer: OfferedAnswer) => void;
}): Promise<OfferedResult> {
  const { perSecond, durationMs } = options;
  const servers = await Promise.all(options.urls.map((url) => OfferedServer.open(url, options)));
  const total = Math.round((perSecond * durationMs) / 1_000);
  const startedMs = systemClock.monotonicMs();
  try {
    for (let offered = 0; offered < total; ) {
      const due = Math.min(total, Math.floor(((systemClock.monotonicMs() - startedMs) * perSecond) / 1_000));
      for (; offered < due; offered += 1) {
        const dueMs = startedMs + ((offered + 1) * 1_000) / perSecond;
        servers[offered % servers.length]?.offer({ index: offered, dueMs });
      }
      await systemClock.sleep(TICK_MS);
    }
    await Promise.all(servers.map((server) => server.drained()));
    return { answered: total, late: servers.reduce((sum, { late }) => sum + late, 0) };
  } finally {
    for (const server of servers) server.close();
  }
}

type ServerOptions = Pick<Parameters<typeof offeredLoad>[0], 'connectionsPerServer' | 'requestOf' | 'onAnswer'>;

/** The connections to one server, and what waits for one of them to be free. */
class OfferedServer {
  late = 0;
  readonly #connections: readonly Connection[];
  readonly #url: string;
  readonly #options: ServerOptions;
  readonly #free: Connection[];
  readonly #queue: Waiting[] = [];
  #failure: Error | undefined;
  #onDrained: (() => void) | undefined;

  private constructor(connections: readonly Connection[], url: string, options: ServerOptions) {
    this.#connections = connections;
    this.#free = [...connections];
    this.#url = url;
    this.#options = options;
  }

  static async open(url: string, options: ServerOptions): Promise<OfferedServer> {
    const opening = Array.from({ length: options.connectionsPerServer }, () => Connection.open(url));
    return new OfferedServer(await Promise.all(opening), url, options);
  }

  offer(request: Waiting): void {
    const connection = this.#free.pop();
    if (connection === undefined) {
      this.late += 1;
      this.#queue.push(request);
    } else this.#send(connection, request);
  }

  async drained(): Promise<void> {
    if (this.#failure === undefined && this.#free.length < this.#connections.length) {
      await new Promise<void>((resolve) => {
        this.#onDrained = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #send(connection: Connection, { index, dueMs }: Waiting): void {
    const unsentMs = systemClock.monotonicMs() - dueMs;
    const answered = (answer: Answer) => {
      this.#options.onAnswer(this.#url, { ...answer, latencyMs: systemClock.monotonicMs() - dueMs, unsentMs });
      const next = this.#queue.shift();
      if (next !== undefined) return this.#send(connection, next);
      this.#free.push(connection);
      if (this.#free.length === this.#connections.length) this.#onDrained?.();
    };
    const failed = (error: Error) => {
      this.#failure ??= error;
      this.#onDrained?.();
    };
    connection.send(this.#options.requestOf(index, connection.host), answered, failed);
  }
}
