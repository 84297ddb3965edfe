import { type Clock, sleepBy } from '@edgestock/shared/runtime/clock';

/**
 * The time of one process: it passes as everywhere, its wall clock may be set, and it ends with the process. What a dead process
 * was waiting for never comes, so its loops stand still wherever they were.
 */
export class ProcessClock implements Clock {
  readonly #world: Clock;
  readonly #cancels = new Set<() => void>();
  #isDead = false;
  /** The wall clock of this machine beside that of the world. */
  #aheadMs: number;

  constructor(world: Clock, aheadMs = 0) {
    this.#world = world;
    this.#aheadMs = aheadMs;
  }

  get aheadMs(): number {
    return this.#aheadMs;
  }

  /** Somebody sets the wall clock; no time passes. */
  setAhead(aheadMs: number): void {
    this.#aheadMs = aheadMs;
  }

  kill(): void {
    this.#isDead = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  now(): number {
    return this.#world.now() + this.#aheadMs;
  }

  monotonicMs(): number {
    return this.#world.monotonicMs();
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepBy((afterMs, callback) => this.after(afterMs, callback), delayMs, signal);
  }

  after(delayMs: number, callback: () => void): () => void {
    if (this.#isDead) return () => undefined;
    const forget = () => {
      cancel();
      this.#cancels.delete(forget);
    };
    const cancel = this.#world.after(delayMs, () => {
      this.#cancels.delete(forget);
      callback();
    });
    this.#cancels.add(forget);
    return forget;
  }

  every(periodMs: number, callback: () => void): () => void {
    let cancel = (): void => undefined;
    const again = () => {
      cancel = this.after(periodMs, () => {
        again();
        callback();
      });
    };
    again();
    return () => cancel();
  }
}
