import { systemClock } from './clock.ts';

/** One Ctrl-C arrives several times: from the terminal, and from each of npm and the bootstrap that pass it on. */
const ECHO_MS = 1_500;
const INTERRUPTED = 130;

/**
 * Aborts at the first SIGTERM, SIGINT or SIGHUP (the terminal was closed). Another one, later than an echo of the first, ends
 * the process at once: for those who have lost patience.
 */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let firstMs: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGHUP') speakToNobody();
      firstMs ??= systemClock.monotonicMs();
      if (systemClock.monotonicMs() - firstMs > ECHO_MS) process.exit(INTERRUPTED);
      stopping.abort();
    });
  }
  return stopping.signal;
}

/** Writing to a terminal that is gone fails, and a failure that nobody hears would end the process before it is in order. */
function speakToNobody(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
