import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { portFor } from '../../system/ports.ts';
import { type Running, Victim } from './victim.ts';

const READY_WITHIN_MS = 15_000;
const LINES_KEPT = 60;

/** A nats-server with JetStream on loopback, with a store to which things can be done while it is down. */
export type LabBroker = { readonly victim: Victim; readonly port: number; readonly storeDirectory: string };

export async function startLabBroker(options: {
  readonly natsServer: string;
  readonly directory: string;
  /** A program that ends by becoming the server, such as one that mounts a disk first. */
  readonly under?: readonly string[];
  /** Whether it is found at every address of this machine, not only at loopback. */
  readonly isFoundEverywhere?: boolean;
  /** Where its store is; below `directory` unless told otherwise. */
  readonly storeDirectory?: string;
}): Promise<LabBroker> {
  const { natsServer, directory, under = [] } = options;
  const { storeDirectory = join(directory, 'store') } = options;
  await mkdir(directory, { recursive: true });
  const port = await portFor(0, '--nats-port');
  const configuration = join(directory, 'nats.conf');
  const store = `store_dir: ${JSON.stringify(storeDirectory)}, max_memory_store: 64MB, max_file_store: 4GB`;
  await writeFile(
    configuration,
    `listen: ${options.isFoundEverywhere ? '0.0.0.0' : '127.0.0.1'}:${port}\njetstream { ${store} }\n`,
  );
  const victim = await Victim.start(() => launch([...under, natsServer, '-c', configuration]));
  return { victim, port, storeDirectory };
}

async function launch([program = '', ...args]: readonly string[]): Promise<Running> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const killWithUs = () => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  void exited.finally(() => process.off('exit', killWithUs));
  const said: string[] = [];
  await ready(child, said);
  return {
    pid: child.pid ?? 0,
    said,
    kill: async (signal) => {
      child.kill(signal);
      const [code] = await exited;
      return code;
    },
  };
}

function ready(child: ChildProcess, said: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      cancel();
      child.kill('SIGKILL');
      reject(new Error(`nats-server ${why}: ${said.slice(-5).join(' | ')}`));
    };
    const cancel = systemClock.after(READY_WITHIN_MS, () => fail('was not ready in time'));
    child.once('error', (error) => fail(`cannot be run (${error.message})`));
    child.once('exit', (code) => fail(`ended with ${code}`));
    if (child.stderr === null) return fail('has no output');
    // The reader stays: a full pipe would stop the server.
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      if (said.length > LINES_KEPT) said.shift();
      if (!line.includes('Server is ready')) return;
      cancel();
      resolve();
    });
  });
}
