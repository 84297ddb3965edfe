import type { Clock } from '@edgestock/shared/runtime/clock';
import { StoreFailing } from '../store/store-failing.ts';

/** Nothing has come back yet. */
class NoAnswerYet extends StoreFailing {
  override readonly name = 'NoAnswerYet';
  readonly reason = 'store-away';
  readonly hint =
    'Is the database server busy with something else, or the line to it dead? Central finds that out by itself within half a minute, and goes on when it can.';
}

/** Why the store does not answer, and since when by the wall clock. */
export type StoreSilence = { readonly since: number; readonly failure: StoreFailing };
export type Timely<T> =
  | { readonly told: T; readonly silence?: never }
  | { readonly told?: never; readonly silence: StoreSilence };

/**
 * A read for operators, who are told something in time, then most of all when the store does not answer: over a line on which nothing comes
 * back a read ends after half a minute. Whoever asks while one is late waits for that one, so that askers do not fill up the connections.
 */
export class TimelyRead<T> {
  readonly #read: () => Promise<T>;
  readonly #clock: Clock;
  readonly #waitMsMax: number;
  #late: Promise<T> | undefined;
  #since: number | undefined;

  constructor(read: () => Promise<T>, { clock, waitMsMax }: { readonly clock: Clock; readonly waitMsMax: number }) {
    this.#read = read;
    this.#clock = clock;
    this.#waitMsMax = waitMsMax;
  }

  /** What else than a `StoreFailing` keeps the store from answering is thrown. */
  async ask(): Promise<Timely<T>> {
    const askedAt = this.#clock.now();
    const asked = this.#late ?? this.#read();
    try {
      const told = await this.#withinTime(asked);
      this.#since = undefined;
      return { told };
    } catch (error) {
      if (!(error instanceof StoreFailing)) throw error;
      this.#since ??= askedAt;
      return { silence: { since: this.#since, failure: error } };
    }
  }

  async #withinTime(asked: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const cancel = this.#clock.after(this.#waitMsMax, () => {
      this.#waitFor(asked);
      late.reject(new NoAnswerYet(`no answer within ${this.#waitMsMax / 1_000} s`));
    });
    try {
      return await Promise.race([asked, late.promise]);
    } finally {
      cancel();
    }
  }

  /** Whatever comes of it in the end is told to whoever asks then. */
  #waitFor(asked: Promise<T>): void {
    if (this.#late === asked) return;
    this.#late = asked;
    const ended = () => {
      this.#late = undefined;
    };
    asked.then(ended, ended);
  }
}
