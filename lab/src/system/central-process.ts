import { join } from 'node:path';
import type { Log, LogLevel } from '@edgestock/shared/runtime/log';
import type { Service } from '@edgestock/shared/runtime/service';
import { requestJson } from '../api/json-request.ts';
import { KeptProcess } from './kept-process.ts';

export type CentralProcess = Service & { readonly url: string; readonly pid: number | undefined };

export const EDGESTOCK = join(import.meta.dirname, '..', '..', '..', 'scripts', 'edgestock.ts');
const PROBE_TIMEOUT_MS = 1_000;

/** Central in a process of its own, so that its API and the nodes never wait for one another. Throws `ProgramDidNotStart`. */
export async function startCentralProcess(options: {
  readonly directory: string;
  /** `sqlite`, or the URL of a PostgreSQL database; absent = what the environment says. */
  readonly store?: string | undefined;
  readonly port: number;
  readonly natsUrl: string;
  readonly log: Log;
  readonly logLevel: LogLevel;
}): Promise<CentralProcess> {
  const { directory, store, port, natsUrl, log, logLevel } = options;
  const url = `http://127.0.0.1:${port}`;
  const flags = ['--data-dir', directory, '--port', String(port), '--nats', natsUrl];
  const kept = await KeptProcess.start(
    {
      name: 'central',
      command: process.execPath,
      args: [EDGESTOCK, 'central', ...flags],
      // In its environment, not in its command line, which everybody on the machine can read: a URL may hold a password.
      settings: {
        EDGESTOCK_CENTRAL_LOG_LEVEL: logLevel,
        ...(store === undefined ? {} : { EDGESTOCK_CENTRAL_STORE: store }),
      },
      isReady: () => isReady(url),
    },
    log,
  );
  return {
    url,
    pid: kept.pid,
    stop: () => kept.stop(),
  };
}

async function isReady(url: string): Promise<boolean> {
  const answer = await requestJson(`${url}/readyz`, { timeoutMs: PROBE_TIMEOUT_MS }).catch(() => undefined);
  return answer?.status === 200;
}
