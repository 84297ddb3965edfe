import type { Clock } from '@edgestock/shared/runtime/clock';
import type postgres from 'postgres';
import { centralLimits } from '../../limits.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { failureInWords } from './failure-in-words.ts';
import { failureOf } from './failures.ts';
import { isServerRefusal, storeRefused } from './server-refusal.ts';

export type Client = postgres.Sql<{ int8: number }>;
/** A client of the driver, and whether one of its connections has ended: then it is of no use any more. */
export type Opened = { readonly client: Client; isLost: boolean };

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
  #opened: Opened;
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
    this.#opened = this.#openAnew();
  }

  /** Throws `StoreFailing` for what is the server's failure: when nobody answers, when it lets nobody in, when it takes no writes. */
  async read<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    const attempt = await this.#attempt(work);
    if ('result' in attempt) return attempt.result;
    const again = await this.#attempt(work);
    if ('result' in again) return again.result;
    throw failureInWords(again.lost) ?? again.lost;
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#opened.client.end({ timeout: CLOSE_WITHIN_S });
  }

  async #attempt<T>(
    work: (opened: Opened) => Promise<T>,
  ): Promise<{ readonly result: T } | { readonly lost: unknown }> {
    const opened = this.#opened;
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(centralLimits.readAnswerMsMax, () => {
      const reason = `no answer within ${centralLimits.readAnswerMsMax / 1_000} s`;
      late.reject(new StoreUnavailable(`the database server cannot be reached: ${reason}`));
      this.#replace(opened, 0);
    });
    try {
      return { result: await Promise.race([work(opened), late.promise]) };
    } catch (thrown) {
      const error = await this.#explain(thrown);
      if (isServerRefusal(error)) {
        this.#replace(opened);
        throw storeRefused(error);
      }
      const failure = failureOf(error);
      // A session that began read-only stays so for as long as it lasts.
      if (failure === 'connection' || failure === 'read-only') this.#replace(opened);
      if (failure !== 'connection') throw failureInWords(error) ?? error;
      return { lost: error };
    } finally {
      cancel();
    }
  }

  #openAnew(): Opened {
    const client = this.#open(() => {
      opened.isLost = true;
      this.#replace(opened);
    });
    const opened: Opened = { client, isLost: false };
    return opened;
  }

  /** What its other connections still carry may end. */
  #replace(opened: Opened, endWithinS = CLOSE_WITHIN_S): void {
    if (this.#opened !== opened || this.#isClosed) return;
    this.#opened = this.#openAnew();
    void opened.client.end({ timeout: endWithinS });
  }
}
