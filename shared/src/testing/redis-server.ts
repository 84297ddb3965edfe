import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { systemClock } from '../runtime/clock.ts';
import { freePort } from './free-port.ts';

/** A real Redis on a loopback port of its own. */
export type RedisServer = {
  readonly url: string;
  readonly version: string;
  /** `SIGSTOP` to have it take in and say nothing, `SIGCONT` to have it go on. */
  signal(signal: NodeJS.Signals): void;
  /** Starts it again on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
};

const PLACES = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'];
const READY_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 20;
const always = { bind: '127.0.0.1', 'protected-mode': 'yes', save: '' };

/** The program: what is named, else where packages put it; `undefined` where this machine has none. */
export function redisProgram(named: string | undefined = process.env.EDGESTOCK_REDIS_SERVER): string | undefined {
  return (named ? [named] : PLACES).find((place) => existsSync(place));
}

/** Starts it in a folder; resolves when it answers. It keeps nothing on disk unless the settings say so. */
export async function startRedisServer(
  directory: string,
  settings: Readonly<Record<string, string>> = { appendonly: 'no' },
): Promise<RedisServer> {
  const program = redisProgram();
  if (program === undefined) throw new Error('there is no redis-server; EDGESTOCK_REDIS_SERVER may name it');
  const port = await freePort();
  const flags = Object.entries({ ...always, ...settings, port: String(port), dir: directory }).flatMap(
    ([name, value]) => [`--${name}`, value],
  );
  let server = await launch(program, flags, port);
  return {
    url: `redis://127.0.0.1:${port}`,
    version: /v=(\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown',
    signal: (signal) => void server.kill(signal),
    restart: async () => {
      server = await launch(program, flags, port);
    },
    stop: () => end(server),
  };
}

type Process = ReturnType<typeof spawn>;

async function launch(program: string, flags: readonly string[], port: number): Promise<Process> {
  const server = spawn(program, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
  const givesUpMs = systemClock.monotonicMs() + READY_WITHIN_MS;
  while (server.exitCode === null && systemClock.monotonicMs() < givesUpMs) {
    if (await answers(port)) return server;
    await systemClock.sleep(ASK_EVERY_MS);
  }
  server.kill('SIGKILL');
  throw new Error('redis-server did not start');
}

async function end(server: Process): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const tell = (isUp: boolean) => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('error', () => tell(false));
    socket.once('data', (bytes) => tell(bytes.toString().startsWith('+PONG')));
    socket.write('PING\r\n');
  });
}
