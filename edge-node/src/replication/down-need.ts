import { replicationLimits as limits } from './limits.ts';

/**
 * A gap in the log down, until it is filled. Central is asked at once, and again only when nothing has come for a while: what it
 * sends again takes its time, and asking meanwhile would have it send everything twice. Times are monotonic milliseconds.
 */
export class DownNeed {
  /** Directives up to here are known to exist. */
  #upTo = 0;
  #askedAt: number | undefined;

  isOpen(carriedOut: number): boolean {
    return carriedOut < this.#upTo;
  }

  /** A later directive came, the next one did not. */
  see(lastSequence: number, carriedOut: number): void {
    if (!this.isOpen(carriedOut)) this.#askedAt = undefined;
    this.#upTo = Math.max(this.#upTo, lastSequence);
  }

  /** What was missing is of a log that is over. */
  forget(): void {
    this.#upTo = 0;
    this.#askedAt = undefined;
  }

  /** Something of what was missing came: the rest may be on its way. */
  move(now: number): void {
    if (this.#askedAt !== undefined) this.#askedAt = now;
  }

  /** Is it time to ask? Notes that it was. */
  ask(carriedOut: number, now: number): boolean {
    if (!this.isOpen(carriedOut)) return false;
    if (this.#askedAt !== undefined && now - this.#askedAt < limits.needPauseMs) return false;
    this.#askedAt = now;
    return true;
  }
}
