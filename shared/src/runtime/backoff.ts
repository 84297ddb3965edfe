import type { Random } from './random.ts';

/**
 * Exponential backoff with full jitter: the delay before attempt n is uniform in (0, min(max, first * 2^n)].
 * Full jitter spreads a reconnect storm best (Brooker, "Exponential Backoff And Jitter", AWS 2015).
 */
export class Backoff {
  #attempt = 0;
  readonly #firstDelayMs: number;
  readonly #delayMsMax: number;
  readonly #random: Random;

  constructor(options: { firstDelayMs: number; delayMsMax: number; random: Random }) {
    this.#firstDelayMs = options.firstDelayMs;
    this.#delayMsMax = options.delayMsMax;
    this.#random = options.random;
  }

  get attempt(): number {
    return this.#attempt;
  }

  nextDelayMs(): number {
    // 2^30 already exceeds every ceiling; the cap keeps the power finite for a link that is down for weeks.
    const ceiling = Math.min(this.#delayMsMax, this.#firstDelayMs * 2 ** Math.min(this.#attempt, 30));
    this.#attempt += 1;
    return Math.max(1, Math.round(this.#random.fraction() * ceiling));
  }

  reset(): void {
    this.#attempt = 0;
  }
}
