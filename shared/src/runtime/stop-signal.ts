import { systemClock } from './clock.ts';

/** One Ctrl-C arrives several times: from the terminal, and from each of npm and the bootstrap that pass it on. */
const ECHO_MS = 1_500;
const INTERRUPTED = 130;

/**
 * Aborts at the first SIGTERM or SIGINT. Another one, later than an echo of the first, ends the process at once: for those
 * who have lost patience.
 */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let firstMs: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      firstMs ??= systemClock.monotonicMs();
      if (systemClock.monotonicMs() - firstMs > ECHO_MS) process.exit(INTERRUPTED);
      stopping.abort();
    });
  }
  return stopping.signal;
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
