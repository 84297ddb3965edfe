import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { systemClock } from '@edgestock/shared/runtime/clock';
import type { Service } from '@edgestock/shared/runtime/service';
import { createClient } from '@redis/client';
import { childEnvironment } from '../../system/config.ts';
import { portFor } from '../../system/ports.ts';
import { PeerMissing } from '../run.ts';

export type RedisServer = Service & { readonly url: string; readonly version: string };

/** Every command durable before it is answered, as the product's are; the rest as it comes, without copies of the whole beside. */
const settings = { appendonly: 'yes', appendfsync: 'always', save: '', bind: '127.0.0.1', 'protected-mode': 'yes' };
const PLACES = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'];
const HOW_TO_GET_IT =
  'Install it (Debian: apt-get install redis-server), or name its program in EDGESTOCK_REDIS_SERVER.';
const PATIENCE_MS = 30_000;
const ASK_EVERY_MS = 50;

/** A Redis of its own on an empty folder, gone with it. Throws `PeerMissing` where there is none. */
export async function startRedis(directory: string): Promise<RedisServer> {
  const program = redisProgram();
  if (program === undefined) throw new PeerMissing('there is no Redis on this machine', HOW_TO_GET_IT);
  mkdirSync(directory, { recursive: true });
  const port = await portFor(0, '');
  const flags = Object.entries({ ...settings, port: String(port), dir: directory }).flatMap(([name, value]) => [
    `--${name}`,
    value,
  ]);
  const server = spawn(program, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(server, 'exit');
  const url = `redis://127.0.0.1:${port}`;
  await ready(url, exited);
  const version = /v=(\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  return {
    url,
    version,
    stop: async () => {
      server.kill('SIGTERM');
      await exited;
    },
  };
}

/** The program of Redis, where this machine has one. */
export function redisProgram(): string | undefined {
  const named = childEnvironment({}).EDGESTOCK_REDIS_SERVER;
  return (named ? [named] : PLACES).find((place) => existsSync(place));
}

async function ready(url: string, exited: Promise<unknown>): Promise<void> {
  let hasEnded = false;
  void exited.then(() => (hasEnded = true));
  const givesUpMs = systemClock.monotonicMs() + PATIENCE_MS;
  while (!hasEnded && systemClock.monotonicMs() < givesUpMs) {
    if (await answers(url)) return;
    await systemClock.sleep(ASK_EVERY_MS);
  }
  throw new Error('Redis did not start');
}

async function answers(url: string): Promise<boolean> {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  // It tells of a connection that fails here, and by rejecting.
  client.on('error', () => undefined);
  const isUp = await client.connect().then(
    () => true,
    () => false,
  );
  if (isUp) client.destroy();
  return isUp;
}
