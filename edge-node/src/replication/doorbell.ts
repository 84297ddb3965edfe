import type { Clock } from '@edgestock/shared/runtime/clock';

/** Lets one loop wait for a time or for a ring, whichever comes first. A ring while nobody waits is kept for the next wait. */
export class Doorbell {
  readonly #clock: Clock;
  #isRung = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#isRung = true;
    this.#wake?.();
  }

  /** Forgets a ring that has just been answered. */
  hush(): void {
    this.#isRung = false;
  }

  /** Resolves after `delayMs`, at a ring, or when the signal aborts. Takes the ring with it. */
  async wait(delayMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isRung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          cancel();
          signal.removeEventListener('abort', done);
          this.#wake = undefined;
          resolve();
        };
        const cancel = this.#clock.after(delayMs, done);
        signal.addEventListener('abort', done, { once: true });
        this.#wake = done;
      });
    }
    this.#isRung = false;
  }
}
