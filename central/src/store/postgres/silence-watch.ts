import type { Clock } from '@edgestock/shared/runtime/clock';
import { centralLimits } from '../../limits.ts';
import { StoreUnavailable } from '../store-unavailable.ts';

/**
 * Notices that a connection is none any more, though nobody closed it: a server, or what lies between, may go without a word, and
 * then nothing is answered for ever. Some statements take minutes, so that time alone says nothing. Whoever owes an answer for
 * long is asked for by another connection: does the server work at it?
 */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #isWorking: () => Promise<boolean>;
  readonly #isLost: () => void;
  #owed = 0;
  #heardMs = 0;
  #hasEnded = false;
  #cancel: () => void = () => undefined;

  /** `isWorking` may throw `StoreUnavailable`: that is nobody there, too. `isLost` is called once, at most. */
  constructor(parts: {
    readonly clock: Clock;
    readonly isWorking: () => Promise<boolean>;
    readonly isLost: () => void;
  }) {
    this.#clock = parts.clock;
    this.#isWorking = parts.isWorking;
    this.#isLost = parts.isLost;
    this.#lookLater();
  }

  /** The answer, which is owed until it comes. */
  async owed<T>(answer: PromiseLike<T>): Promise<T> {
    if (this.#owed === 0) this.#heardMs = this.#clock.monotonicMs();
    this.#owed += 1;
    try {
      return await answer;
    } finally {
      this.#owed -= 1;
      this.#heardMs = this.#clock.monotonicMs();
    }
  }

  end(): void {
    this.#hasEnded = true;
    this.#cancel();
  }

  #lookLater(): void {
    this.#cancel = this.#clock.after(centralLimits.writerSilentMsMax, () => void this.#look());
  }

  async #look(): Promise<void> {
    const heardMs = this.#heardMs;
    const isSilent = this.#owed > 0 && this.#clock.monotonicMs() - heardMs >= centralLimits.writerSilentMsMax;
    const isGone = isSilent && !(await this.#isThere());
    if (this.#hasEnded) return;
    // What was heard while the other connection was asked has settled it.
    if (isGone && this.#owed > 0 && this.#heardMs === heardMs) this.#isLost();
    else this.#lookLater();
  }

  async #isThere(): Promise<boolean> {
    try {
      return await this.#isWorking();
    } catch (error) {
      // Of anything else than an absent server nobody can conclude that the connection is dead; the transaction has its own end.
      return !(error instanceof StoreUnavailable);
    }
  }
}
