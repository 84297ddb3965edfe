import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { centralLimits } from '../limits.ts';
import { PromiseUnavailable, type PromiseWriter } from './promise-writer.ts';

/**
 * Gives back what is over, and lets waiting orders go on: every second, and as long as there is more. Expiry itself needs no
 * sweeper, it is judged wherever a reservation is used; but its units can be promised again only once they are given back.
 */
export class Sweeper implements Service {
  readonly #writer: PromiseWriter;
  readonly #clock: Clock;
  readonly #cancelPeriod: () => void;
  /** The earliest known end, and the timer for it. */
  #next: { readonly at: number; readonly cancel: () => void } | undefined;
  #sweeping: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: { readonly writer: PromiseWriter; readonly clock: Clock }) {
    this.#writer = options.writer;
    this.#clock = options.clock;
    this.#cancelPeriod = options.clock.every(centralLimits.sweepPeriodMs, () => this.sweep());
  }

  /**
   * Something ends at this time: looked at right then, if that is before the next second. Only the earliest is remembered;
   * all others are found by the second's look at the store.
   */
  noteEnd(at: number): void {
    const delayMs = Math.max(centralLimits.sweepPeriodMsMin, at - this.#clock.now());
    if (this.#isStopped || delayMs >= centralLimits.sweepPeriodMs) return;
    if (this.#next !== undefined && this.#next.at <= at) return;
    this.#next?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#next = undefined;
      this.sweep();
    });
    this.#next = { at, cancel };
  }

  /** One round at a time: who asks during one is served by it, or by the next second's. */
  sweep(): void {
    if (this.#isStopped || this.#sweeping !== undefined) return;
    this.#sweeping = this.#round().finally(() => {
      this.#sweeping = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelPeriod();
    this.#next?.cancel();
    await this.#sweeping;
  }

  async #round(): Promise<void> {
    try {
      for (let isMore = true; isMore && !this.#isStopped; ) {
        const outcome = await this.#writer.promise({ command: 'sweep', limit: centralLimits.sweepMax });
        isMore = outcome.outcome === 'swept' && outcome.isMore;
        if (outcome.outcome === 'swept' && outcome.nextAt !== undefined) this.noteEnd(outcome.nextAt);
      }
    } catch (error) {
      // Too much waits, or the writer is going down: the next second sweeps again.
      if (!(error instanceof PromiseUnavailable)) throw error;
    }
  }
}
