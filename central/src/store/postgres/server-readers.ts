import type { Clock } from '@edgestock/shared/runtime/clock';
import type postgres from 'postgres';
import { centralLimits } from '../../limits.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { failureOf } from './failures.ts';

type Client = postgres.Sql<{ int8: number }>;

/** The driver waits for ever for a connection that cannot be made. */
export const CLOSE_WITHIN_S = 2;

/**
 * The connections that read. A read may be repeated, so it is, once: the connection of the first may have died while nobody used
 * it. Connections that owe an answer for too long are thrown away together: the other end may have gone without a word.
 */
export class ServerReaders {
  readonly #open: () => Client;
  readonly #clock: Clock;
  #client: Client;

  constructor(open: () => Client, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
    this.#client = open();
  }

  /** Throws `StoreUnavailable` when nobody answers. */
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
      this.#replace(client);
    });
    try {
      return { result: await Promise.race([work(client), late.promise]) };
    } catch (error) {
      if (failureOf(error) !== 'connection') throw error;
      return { lost: error };
    } finally {
      cancel();
    }
  }

  #replace(client: Client): void {
    if (this.#client !== client) return;
    this.#client = this.#open();
    void client.end({ timeout: 0 });
  }
}
