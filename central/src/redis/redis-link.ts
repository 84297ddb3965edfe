import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Log } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { createClient, ErrorReply } from '@redis/client';

const HINT = 'answers are read from the database meanwhile; is EDGESTOCK_CENTRAL_REDIS right, and the server up?';
/** Longer than this the database is as fast. */
const GET_MS_MAX = 50;
/** After a question that took too long, nobody waits for another one for so long. */
const REST_MS = 1_000;
const CONNECT_MS_MAX = 2_000;
/** Of a server that takes in and says nothing: what is beyond is not asked. */
const QUESTIONS_MAX = 1_000;

/**
 * Texts in a Redis. It may be away, slow or empty at any moment: then nothing is found, after `GET_MS_MAX` at the latest, and nothing
 * is kept. Nothing here is ever waited for otherwise, and no failure is anybody's but the log's.
 */
export class RedisLink implements Service {
  readonly #client: ReturnType<typeof clientOf>;
  readonly #clock: Clock;
  readonly #log: Log;
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #isTold = false;
  #isRefusalTold = false;
  #failures = 0;

  /** Connects for as long as it runs; need not be there. */
  constructor(url: string, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
    this.#client = clientOf(url);
    this.#client.on('error', (error: Error) => this.#failed(error));
    this.#client.on('ready', () => this.#recovered());
    // Every failure of it is told by the event, too.
    this.#client.connect().catch(() => undefined);
  }

  get isUp(): boolean {
    return this.#client.isReady && this.#clock.monotonicMs() >= this.#restsUntilMs;
  }

  /** Questions and writes that failed or took too long, since the start. */
  get failures(): number {
    return this.#failures;
  }

  async get(key: string): Promise<string | undefined> {
    if (!this.isUp) return undefined;
    let cancel = () => {};
    const late = new Promise<undefined>((resolve) => {
      cancel = this.#clock.after(GET_MS_MAX, () => {
        this.#rest();
        resolve(undefined);
      });
    });
    const answer = this.#client.get(key).then(
      (text) => text ?? undefined,
      (error: unknown) => this.#refused(error),
    );
    try {
      return await Promise.race([answer, late]);
    } finally {
      cancel();
    }
  }

  /** Keeps it for so long, where that succeeds. */
  set(key: string, text: string, forMs: number): void {
    if (!this.isUp) return;
    this.#client
      .set(key, text, { expiration: { type: 'PX', value: forMs } })
      .catch((error: unknown) => this.#refused(error));
  }

  async stop(): Promise<void> {
    if (this.#client.isOpen) this.#client.destroy();
  }

  /** Full, read-only, or a password that it did not ask for before: it is up, and of no use. */
  #refused(error: unknown): undefined {
    this.#failures += 1;
    if (this.#isRefusalTold || !(error instanceof ErrorReply)) return;
    this.#isRefusalTold = true;
    this.#log.warn({ reason: error.message, hint: HINT }, 'the Redis of answers refuses');
  }

  #rest(): void {
    this.#failures += 1;
    this.#restsUntilMs = this.#clock.monotonicMs() + REST_MS;
  }

  #failed(error: Error): void {
    this.#failures += 1;
    if (this.#isTold) return;
    this.#isTold = true;
    this.#log.warn({ reason: error.message, hint: HINT }, 'the Redis of answers is not to be had');
  }

  #recovered(): void {
    if (this.#isTold) this.#log.info({}, 'the Redis of answers is there again');
    this.#isTold = false;
    this.#isRefusalTold = false;
  }
}

function clientOf(url: string) {
  return createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: QUESTIONS_MAX,
    // Between attempts it waits ever longer by itself, up to two seconds and a random part.
    socket: { connectTimeout: CONNECT_MS_MAX },
  });
}
