import type { Clock } from '@edgestock/shared/runtime/clock';
import type postgres from 'postgres';
import { centralLimits } from '../../limits.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { failureOf } from './failures.ts';
import { isServerRefusal, storeRefused } from './server-refusal.ts';

type Client = postgres.Sql<{ int8: number }>;

/** The driver waits for ever for a connection that cannot be made. */
export const CLOSE_WITHIN_S = 2;

/**
 * The connections that read. A read may be repeated, so it is, once: the connection of the first may have died while nobody used
 * it. All of them are thrown away together when one has died, since the driver never answers what it is given between the failure of
 * a connection and its end, and when one owes an answer for too long: the other end may have gone without a word.
 */
export class ServerReaders {
  readonly #open: (onclose: () => void) => Client;
  readonly #clock: Clock;
  readonly #explain: (error: unknown) => Promise<unknown>;
  #client: Client;
  #isClosed = false;

  /** `explain`: what a failure turns out to be when one looks closer. */
  constructor(
    open: (onclose: () => void) => Client,
    clock: Clock,
    explain: (error: unknown) => Promise<unknown> = async (error) => error,
  ) {
    this.#open = open;
    this.#explain = explain;
    this.#clock = clock;
    this.#client = this.#opened();
  }

  /** Throws `StoreUnavailable` when nobody answers, and `StoreRefused` when that is all that the server answers. */
  async read<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const attempt = await this.#attempt(work);
    if ('result' in attempt) return attempt.result;
    const again = await this.#attempt(work);
    if ('result' in again) return again.result;
    const { lost } = again;
    const reason = lost instanceof Error ? lost.message : String(lost);
    throw new StoreUnavailable(`the database server cannot be reached: ${reason}`, { cause: lost });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#client.end({ timeout: CLOSE_WITHIN_S });
  }

  async #attempt<T>(
    work: (client: Client) => Promise<T>,
  ): Promise<{ readonly result: T } | { readonly lost: unknown }> {
    const client = this.#client;
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(centralLimits.readAnswerMsMax, () => {
      const reason = `no answer within ${centralLimits.readAnswerMsMax / 1_000} s`;
      late.reject(new StoreUnavailable(`the database server cannot be reached: ${reason}`));
      this.#replace(client, 0);
    });
    try {
      return { result: await Promise.race([work(client), late.promise]) };
    } catch (thrown) {
      const error = await this.#explain(thrown);
      if (isServerRefusal(error)) {
        this.#replace(client);
        throw storeRefused(error);
      }
      if (failureOf(error) !== 'connection') throw error;
      this.#replace(client);
      return { lost: error };
    } finally {
      cancel();
    }
  }

  #opened(): Client {
    const client: Client = this.#open(() => this.#replace(client));
    return client;
  }

  /** What its other connections still carry may end. */
  #replace(client: Client, endWithinS = CLOSE_WITHIN_S): void {
    if (this.#client !== client || this.#isClosed) return;
    this.#client = this.#opened();
    void client.end({ timeout: endWithinS });
  }
}
