import type { Clock } from '@edgestock/shared/runtime/clock';

const AHEAD_MAX = 0.02;
const LOOK_PAUSE_MS = 5;

/** Keeps two replays side by side: neither gets ahead of the other by more than a fiftieth of its way, while both go on. */
export class Pace {
  readonly #clock: Clock;
  readonly #share = { tills: 0, orders: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when `who` may do what comes at `share` of its way, 0 to 1. */
  async reached(who: 'tills' | 'orders', share: number, signal: AbortSignal): Promise<void> {
    this.#share[who] = share;
    const other = who === 'tills' ? 'orders' : 'tills';
    while (share > this.#share[other] + AHEAD_MAX && !signal.aborted) await this.#clock.sleep(LOOK_PAUSE_MS, signal);
  }

  /** `who` is at its end, or has failed: nobody waits for it any more. */
  ended(who: 'tills' | 'orders'): void {
    this.#share[who] = Number.POSITIVE_INFINITY;
  }
}
