import type { Clock } from '@edgestock/shared/runtime/clock';

/** Sales of the last so many milliseconds make the rate. */
const WINDOW_MS = 5_000;
/** The first sales after the start say nothing of a second yet. */
const ELAPSED_MIN_MS = 250;

/** Sales per second of late. While less time than the window has passed, the rate is over the time that has. */
export class SalesRate {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #startedMs: number;
  #saleTimesMs: number[] = [];

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
  }

  add(): void {
    this.#saleTimesMs.push(this.#clock.monotonicMs());
  }

  /** Rounded to whole sales. */
  get perSecond(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#saleTimesMs = this.#saleTimesMs.filter((atMs) => atMs > nowMs - WINDOW_MS);
    const elapsedMs = Math.max(ELAPSED_MIN_MS, Math.min(WINDOW_MS, nowMs - this.#startedMs));
    return Math.round((this.#saleTimesMs.length * 1_000) / elapsedMs);
  }
}
