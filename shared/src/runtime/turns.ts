import type { Awaitable } from './awaitable.ts';

/** Lets one piece of work happen after the other, in the order they were asked for: none sees another half done. */
export class Turns {
  /** When the last one that was asked for is over; `undefined` when all are. */
  #over: Promise<void> | undefined;

  /** Does the work when all that was asked for before is over, whether or not that failed; at once when nothing is. */
  async take<T>(work: () => Awaitable<T>): Promise<T> {
    const before = this.#over;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    this.#over = over;
    if (before !== undefined) await before;
    try {
      return await work();
    } finally {
      if (this.#over === over) this.#over = undefined;
      end();
    }
  }
}
