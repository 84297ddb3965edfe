import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { EDGESTOCK } from '../../system/central-process.ts';
import { childEnvironment } from '../../system/config.ts';
import { HelperDied } from './helper.ts';

export type EdgeProcess = { readonly url: string; readonly pid: number | undefined; stop(): Promise<void> };

/** No broker answers there: what is measured then is the node, not a broker beside it. */
const NO_BROKER = 'nats://127.0.0.1:9';

/**
 * One node as its users run it: `edgestock edge` in a process of its own, all settings at their defaults. Without a broker it is a
 * node whose link is cut.
 */
export async function startEdgeProcess(options: {
  readonly directory: string;
  readonly warehouse?: string;
  readonly natsUrl?: string;
}): Promise<EdgeProcess> {
  const flags = [
    '--warehouse',
    options.warehouse ?? 'BENCH1',
    '--data-dir',
    options.directory,
    '--port',
    '0',
    '--nats',
    options.natsUrl ?? NO_BROKER,
    '--json',
  ];
  const child = spawn(process.execPath, [EDGESTOCK, 'edge', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: childEnvironment({ EDGESTOCK_EDGE_LOG_LEVEL: 'error' }),
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), exited.then(() => [undefined])]);
  if (typeof line !== 'string') throw new HelperDied('the node did not start');
  const { url } = JSON.parse(line) as { readonly url: string };
  return {
    url,
    pid: child.pid,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
