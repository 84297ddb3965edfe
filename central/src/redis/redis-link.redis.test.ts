import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import { freePort } from '@edgestock/shared/testing/free-port';
import { type RedisServer, startRedisServer } from '@edgestock/shared/testing/redis-server';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RedisLink } from './redis-link.ts';

let directory: string;
let server: RedisServer;
let told: string[];
const links: RedisLink[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'edgestock-redis-'));
  server = await startRedisServer(directory);
});
afterEach(() => Promise.all(links.splice(0).map((link) => link.stop())));
afterAll(async () => {
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

function linkTo(url: string): RedisLink {
  told = [];
  const tell = (_: object, event: string) => void told.push(event);
  const log: Log = { ...silentLog, info: tell, warn: tell };
  const link = new RedisLink(url, { clock: systemClock, log });
  links.push(link);
  return link;
}
const isUp = (link: RedisLink) => expect.poll(() => link.isUp, { timeout: 30_000 }).toBe(true);

test('keeps a text for others, and not for ever', async () => {
  const [one, other] = [linkTo(server.url), linkTo(server.url)];
  await isUp(one);
  await isUp(other);
  expect(await other.get('k')).toBeUndefined();
  one.set('k', 'ä text', 60_000);
  await expect.poll(() => other.get('k')).toBe('ä text');
  one.set('k', 'another', 1);
  await expect.poll(() => other.get('k')).toBeUndefined();
  expect([one.failures, told]).toEqual([0, []]);
});

test('finds nothing while the server is away, says so once, and goes on when it is there again', async () => {
  const link = linkTo(server.url);
  await isUp(link);
  link.set('k', 'a text', 60_000);
  await expect.poll(() => link.get('k')).toBe('a text');
  await server.stop();
  await expect.poll(() => link.isUp).toBe(false);
  expect(await link.get('k')).toBeUndefined();
  link.set('k', 'lost', 60_000);
  // It tries again and again.
  await expect.poll(() => link.failures, { timeout: 30_000 }).toBeGreaterThan(2);
  expect(told).toEqual(['the Redis of answers is not to be had']);
  await server.restart();
  await isUp(link);
  expect(told).toEqual(['the Redis of answers is not to be had', 'the Redis of answers is there again']);
  expect(await link.get('k')).toBeUndefined();
});

test('waits for a server that says nothing once, and then asks the others for a second', async () => {
  const link = linkTo(server.url);
  await isUp(link);
  server.signal('SIGSTOP');
  try {
    const begunMs = systemClock.monotonicMs();
    expect(await Promise.all([link.get('a'), link.get('b')])).toEqual([undefined, undefined]);
    expect(link.isUp).toBe(false);
    for (let question = 0; question < 1_000; question += 1) expect(await link.get('c')).toBeUndefined();
    // Two questions of 50 ms at the same time; 1,000 more would have taken 50 s.
    expect(systemClock.monotonicMs() - begunMs).toBeLessThan(10_000);
  } finally {
    server.signal('SIGCONT');
  }
  await isUp(link);
});

test('says once that the server refuses, and why', async () => {
  const full = await startRedisServer(directory, { maxmemory: '1', 'maxmemory-policy': 'noeviction' });
  try {
    const link = linkTo(full.url);
    await isUp(link);
    for (let write = 0; write < 3; write += 1) link.set('k', 'a text', 60_000);
    await expect.poll(() => link.failures).toBe(3);
    expect(told).toEqual(['the Redis of answers refuses']);
  } finally {
    await full.stop();
  }
});

test('need not be there when it starts', async () => {
  const link = linkTo(`redis://127.0.0.1:${await freePort()}`);
  expect(await link.get('k')).toBeUndefined();
  await expect.poll(() => told).toEqual(['the Redis of answers is not to be had']);
});
