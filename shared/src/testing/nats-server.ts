import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../runtime/clock.ts';
import { freePort } from './free-port.ts';

/** A real broker for one test, on a loopback port of its own. */
export type NatsServer = {
  readonly url: string;
  readonly port: number;
  readonly storeDirectory: string;
  /** `kill -9`: what a crash leaves behind stays in the store. */
  kill(): Promise<void>;
  /** Stops it in good order; the store stays. */
  terminate(): Promise<void>;
  /** Starts it again, on the same port and store. */
  restart(): Promise<void>;
  /** Freezes the process (a broker that is there and does not answer) and lets it go on. */
  pause(): void;
  resume(): void;
  /** Kills it and deletes its store. */
  stop(): Promise<void>;
};

/** Longer than a cold start on a busy machine, shorter than a test's patience. */
const READY_WITHIN_MS = 15_000;
/** Another process may take a free port between our look and the server's bind. */
const START_ATTEMPTS = 5;

/** The binary: what the environment names, else the checkout's own, else the one on the PATH. */
export function natsServerBinary(): string {
  const named = process.env.EDGESTOCK_NATS_SERVER;
  if (named !== undefined && named !== '') return named;
  const fetched = fileURLToPath(new URL('../../../.tools/nats-server', import.meta.url));
  return existsSync(fetched) ? fetched : 'nats-server';
}

/** Starts a broker with JetStream; resolves when it answers. `config` is text added to its configuration file. */
export async function startNatsServer(options: { readonly config?: string } = {}): Promise<NatsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-nats-'));
  let lastFailure: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const port = await freePort();
    await writeFile(join(directory, 'nats.conf'), configuration(port, directory, options.config));
    try {
      return handleOf(await launch(directory), port, directory);
    } catch (error) {
      lastFailure = error;
    }
  }
  await rm(directory, { recursive: true, force: true });
  throw new Error('nats-server does not start', { cause: lastFailure });
}

function handleOf(first: ChildProcess, port: number, directory: string): NatsServer {
  let server = first;
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDirectory: join(directory, 'store'),
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
    restart: async () => {
      await end('SIGTERM');
      server = await launch(directory);
    },
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    stop: async () => {
      await end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function configuration(port: number, directory: string, extra = ''): string {
  return `listen: 127.0.0.1:${port}
jetstream { store_dir: ${JSON.stringify(join(directory, 'store'))}, max_memory_store: 64MB, max_file_store: 2GB }
${extra}
`;
}

async function launch(directory: string): Promise<ChildProcess> {
  const server = spawn(natsServerBinary(), ['-c', join(directory, 'nats.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // A test that dies must not leave its broker running.
  const killWithUs = () => void server.kill('SIGKILL');
  process.once('exit', killWithUs);
  server.once('exit', () => process.off('exit', killWithUs));
  await untilReady(server);
  return server;
}

function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const fail = (reason: string, cause?: unknown) => {
      cancel();
      server.kill('SIGKILL');
      reject(new Error(`nats-server ${reason}:\n${lines.join('\n')}`, { cause }));
    };
    const cancel = systemClock.after(READY_WITHIN_MS, () => fail(`was not ready within ${READY_WITHIN_MS} ms`));
    server.once('error', (cause) => fail('could not be run', cause));
    server.once('exit', (code) => fail(`exited with ${code}`));
    if (server.stderr === null) return fail('has no output to read');
    // The reader stays attached: a full pipe would stop the server.
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (lines.length < 50) lines.push(line);
      if (!line.includes('Server is ready')) return;
      cancel();
      resolve();
    });
  });
}
