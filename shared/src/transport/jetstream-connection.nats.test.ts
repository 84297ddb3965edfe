import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { type NatsServer, startNatsServer } from '../testing/nats-server.ts';
import { ConnectAborted, connectForEver } from './jetstream-connection.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function server(): Promise<NatsServer> {
  const started = await startNatsServer();
  cleanUps.push(() => started.stop());
  return started;
}

function options(url: string) {
  return {
    url,
    name: 'test',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    retryDelayMs: { min: 20, max: 50 },
  };
}

it('waits for a broker that is not there yet', async () => {
  const broker = await server();
  await broker.kill();
  const connecting = connectForEver(options(broker.url));
  await systemClock.sleep(200);
  await broker.restart();
  const connection = await connecting;
  cleanUps.push(() => connection.close());
  await expect(connection.rtt()).resolves.toBeGreaterThanOrEqual(0);
});

it('gives up waiting when it is told to', async () => {
  const broker = await server();
  await broker.kill();
  const controller = new AbortController();
  const connecting = connectForEver({ ...options(broker.url), signal: controller.signal });
  await systemClock.sleep(100);
  controller.abort();
  await expect(connecting).rejects.toBeInstanceOf(ConnectAborted);
});

it('comes back by itself after the broker was killed, with its subscriptions', async () => {
  const broker = await server();
  const connection = await connectForEver(options(broker.url));
  cleanUps.push(() => connection.close());
  connection.subscribe('echo', { callback: (_error, message) => void message.respond('here') });
  await connection.flush();
  await broker.kill();
  await systemClock.sleep(500);
  await broker.restart();
  await expect
    .poll(async () => (await connection.request('echo', '', { timeout: 500 }).catch(() => undefined))?.string(), {
      timeout: 10_000,
    })
    .toBe('here');
});

it('outlives a login that is refused for a while', async () => {
  const broker = await startNatsServer({ config: 'authorization { token: right }' });
  cleanUps.push(() => broker.stop());
  const controller = new AbortController();
  const lines: string[] = [];
  const log = { ...silentLog, warn: (_facts: object, event: string) => void lines.push(event) };
  const refused = connectForEver({
    ...options(broker.url),
    log,
    signal: controller.signal,
    credentials: { kind: 'token', token: 'wrong' },
  });
  await systemClock.sleep(300);
  controller.abort();
  await expect(refused).rejects.toBeInstanceOf(ConnectAborted);
  expect(lines).toContain('broker not reachable');
  const accepted = await connectForEver({ ...options(broker.url), credentials: { kind: 'token', token: 'right' } });
  await accepted.close();
});
