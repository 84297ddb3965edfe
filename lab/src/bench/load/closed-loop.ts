import { systemClock } from '@edgestock/shared/runtime/clock';
import { percentile } from '../../measure/distribution.ts';
import { Connection } from './connection.ts';

export type ClosedLoopResult = {
  readonly perSecond: number;
  readonly answers: number;
  /** Answers with another status than was expected. */
  readonly unexpected: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

/**
 * Keeps every connection busy for a while: the next request goes out when the answer is in. Ends with what was under way, so
 * that every request sent is an answer counted. `requestOf` is called with 0, 1, 2, ... Throws when a connection fails.
 */
export async function closedLoop(options: {
  readonly url: string;
  readonly connections: number;
  readonly durationMs: number;
  readonly statusExpected: number;
  readonly requestOf: (index: number, host: string) => string;
}): Promise<ClosedLoopResult> {
  const { url, durationMs, statusExpected, requestOf } = options;
  const connections = await Promise.all(Array.from({ length: options.connections }, () => Connection.open(url)));
  const latenciesMs: number[] = [];
  let unexpected = 0;
  let sent = 0;
  const startedMs = systemClock.monotonicMs();
  const endsMs = startedMs + durationMs;

  const busy = (connection: Connection): Promise<void> =>
    new Promise((resolve, reject) => {
      let sentMs = startedMs;
      const next = () => {
        sentMs = systemClock.monotonicMs();
        if (sentMs >= endsMs) return resolve();
        connection.send(requestOf(sent++, connection.host), taken, reject);
      };
      const taken = ({ status }: { readonly status: number }) => {
        latenciesMs.push(systemClock.monotonicMs() - sentMs);
        if (status !== statusExpected) unexpected += 1;
        next();
      };
      next();
    });

  try {
    await Promise.all(connections.map(busy));
  } finally {
    for (const connection of connections) connection.close();
  }
  const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
  return {
    perSecond: latenciesMs.length / seconds,
    answers: latenciesMs.length,
    unexpected,
    p50Ms: percentile(latenciesMs, 0.5) ?? 0,
    p99Ms: percentile(latenciesMs, 0.99) ?? 0,
  };
}
