import { type Clock, sleepBy } from '../runtime/clock.ts';

type Timer = { readonly at: number; readonly order: number; readonly callback: () => void };

/** Turns of the event loop that follow every timer, so that promises and deferred turns settle before time goes on. */
const TURNS_PER_STEP = 4;

/** Time that stands still until a test moves it. Timers fire in order of their time, and nothing else makes them fire. */
export class VirtualClock implements Clock {
  #startedAt: number;
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;
  #stepMs = 0;
  #order = 0;

  constructor(options: { readonly now?: number } = {}) {
    this.#startedAt = options.now ?? 1_700_000_000_000;
  }

  now(): number {
    return this.#startedAt + this.#stepMs + Math.floor(this.#elapsedMs);
  }

  /** Sets the wall clock by so much; durations and timers do not notice. */
  jump(byMs: number): void {
    this.#startedAt += byMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** Somebody sets the wall clock; no time passes. */
  stepWall(milliseconds: number): void {
    this.#stepMs += milliseconds;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepBy((afterMs, callback) => this.after(afterMs, callback), delayMs, signal);
  }

  after(delayMs: number, callback: () => void): () => void {
    this.#order += 1;
    const timer: Timer = { at: this.#elapsedMs + Math.max(0, delayMs), order: this.#order, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  every(periodMs: number, callback: () => void): () => void {
    let cancel = () => undefined as unknown;
    const again = () => {
      cancel = this.after(periodMs, () => {
        again();
        callback();
      });
    };
    again();
    return () => void cancel();
  }

  /**
   * Lets the time pass, timer by timer; after each, everything that became possible happens first. Of two that overlap the longer
   * one counts: time never goes back.
   */
  async advance(durationMs: number): Promise<void> {
    const end = this.#elapsedMs + durationMs;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.at);
      next.callback();
      await this.settle();
    }
    this.#elapsedMs = Math.max(this.#elapsedMs, end);
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS_PER_STEP; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}
