/**
 * Time as the product sees it. Passed in everywhere, so that tests and the simulator own it.
 * Wall time is data (it labels facts); order always comes from sequences.
 */
export type Clock = {
  /** Wall clock, milliseconds since 1970 UTC. May jump. */
  now(): number;
  /** Monotonic milliseconds for durations. Never jumps back. */
  monotonicMs(): number;
  /** Resolves after `delayMs`; rejects never; resolves early when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `delayMs`. The returned function cancels. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back every `periodMs` until cancelled; does not keep the process alive. */
  every(periodMs: number, callback: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (delayMs, signal) => sleepBy(systemClock.after, delayMs, signal),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  every: (periodMs, callback) => {
    const timer = setInterval(callback, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** The `sleep` of a clock that has an `after`: it ends with the delay or with the signal, and leaves neither behind. */
export function sleepBy(after: Clock['after'], delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
