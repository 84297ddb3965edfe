import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { requestJson } from '../api/json-request.ts';
import { centralStores } from '../testing/central-stores.ts';
import { childrenOf, isRunning, runCommand, startCommand, until } from '../testing/running-command.ts';

type Addresses = { nats: string; central: string; nodes: { warehouse: string; url: string }[] };
const anyPort = ['--port-base', '0', '--central-port', '0', '--nats-port', '0', '--json'];
const WITHIN_MS = 20_000;
/** The nodes have seen the broker go, and have tried it in vain once. */
const BROKER_MISSED_MS = 400;
const ATTEMPTS = 4;
const isAtOnce = (tookMs: number) => tookMs < 1_000;

const stores = centralStores();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-up-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('edgestock up', () => {
  test('says where everything is, stops in good order, and is itself again in the same directory', async () => {
    const line = [
      'up',
      '--warehouses',
      'BER1,HAM1',
      '--data-dir',
      join(folder, 'twice'),
      '--store',
      await stores.fresh(),
      ...anyPort,
    ];
    const first = await startCommand(...line);
    const { nats, central, nodes } = first.ready as Addresses;
    expect(nats).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    expect(nodes.map(({ warehouse }) => warehouse)).toEqual(['BER1', 'HAM1']);
    for (const { url } of nodes) {
      const { body } = await requestJson(`${url}/v1/status`);
      expect(body).toMatchObject({ state: 'live' });
    }
    await receive(nodes[0]?.url ?? '', 7);
    await until(() => isOnHand(central, 7), WITHIN_MS, 'central knows of 7');
    // A store's policy: half of it is for central to promise.
    const available = async () => (await new CentralApi(central).availability('tea')).available;
    await until(async () => (await available()) === 3, WITHIN_MS, 'central may promise 3 of them');
    const children = childrenOf(first.pid);
    expect(children).toHaveLength(2);
    expect(await first.kill('SIGTERM')).toBe(0);
    expect(children.filter(({ pid }) => isRunning(pid))).toEqual([]);

    const second = await startCommand(...line);
    const again = second.ready as Addresses;
    expect(await isOnHand(again.central, 7)).toBe(true);
    await receive(again.nodes[1]?.url ?? '', 5);
    await until(() => isOnHand(again.central, 12), WITHIN_MS, 'central knows of 12');
    expect(await second.kill('SIGINT')).toBe(0);
  });

  test('ends at once while its nodes wait to reach the broker again', async () => {
    const dataDir = join(folder, 'cut');
    const line = ['up', '--warehouses', 'BER1', '--data-dir', dataDir, '--store', await stores.fresh(), ...anyPort];
    const endsAfterMs = async () => {
      const up = await startCommand(...line);
      const broker = childrenOf(up.pid).find(({ line: command }) => command.includes('nats-server'));
      process.kill(broker?.pid ?? 0, 'SIGKILL');
      await systemClock.sleep(BROKER_MISSED_MS);
      const askedAt = systemClock.monotonicMs();
      expect(await up.kill('SIGTERM')).toBe(0);
      return systemClock.monotonicMs() - askedAt;
    };
    // A wait that cannot be cancelled would keep the process for 1 to 10 s, each time; a busy machine does so now and then.
    const attempts: number[] = [];
    while (attempts.length < ATTEMPTS && !attempts.some(isAtOnce)) attempts.push(await endsAfterMs());
    expect(attempts.some(isAtOnce), `it took ${attempts.join(', ')} ms`).toBe(true);
  });

  test('leaves no orphans and loses nothing, even when it is killed', async () => {
    const line = [
      'up',
      '--warehouses',
      'BER1',
      '--data-dir',
      join(folder, 'killed'),
      '--store',
      await stores.fresh(),
      ...anyPort,
    ];
    const killed = await startCommand(...line);
    const children = childrenOf(killed.pid);
    await receive((killed.ready as Addresses).nodes[0]?.url ?? '', 3);
    await killed.kill('SIGKILL');
    await until(() => !children.some(({ pid }) => isRunning(pid)), WITHIN_MS, 'broker and central have gone too');
    const again = await startCommand(...line);
    const { central } = again.ready as Addresses;
    await until(() => isOnHand(central, 3), WITHIN_MS, 'central knows of 3');
    expect(await again.kill('SIGTERM')).toBe(0);
  });

  test('stops with a child that was killed a moment ago', async () => {
    const running = await startCommand(
      'up',
      '--warehouses',
      'BER1',
      '--data-dir',
      join(folder, 'child'),
      '--store',
      await stores.fresh(),
      ...anyPort,
    );
    for (const { pid } of childrenOf(running.pid)) process.kill(pid, 'SIGKILL');
    expect(await running.kill('SIGTERM')).toBe(0);
    expect(childrenOf(running.pid)).toEqual([]);
  });

  test('names the port that is taken, and the flag that chooses another', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = String(address !== null && typeof address === 'object' ? address.port : 0);
    const ports = ['--port-base', '0', '--central-port', port, '--nats-port', '0'];
    const { code, stdout, stderr } = await runCommand(
      'up',
      '--warehouses',
      'BER1',
      '--data-dir',
      join(folder, 'port'),
      ...ports,
    );
    server.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`port ${port} is taken`);
    expect(stderr).toContain('--central-port');
    expect(stderr).toContain('Nothing was started: what answers on the default ports may be another edgestock.');
  });

  test('refuses a directory that another one is using', async () => {
    const line = [
      'up',
      '--warehouses',
      'BER1',
      '--data-dir',
      join(folder, 'owned'),
      '--store',
      await stores.fresh(),
      ...anyPort,
    ];
    const owner = await startCommand(...line);
    const { code, stderr } = await runCommand(...line);
    expect(code).toBe(1);
    expect(stderr).toContain('another process owns this data directory');
    expect(await owner.kill('SIGTERM')).toBe(0);
  });
});

async function receive(url: string, quantity: number): Promise<void> {
  const body = { kind: 'receive', lines: [{ sku: 'tea', quantity }] };
  expect((await requestJson(`${url}/v1/movements`, { body })).status).toBe(201);
}

async function isOnHand(central: string, quantity: number): Promise<boolean> {
  const answer = await new CentralApi(central).availability('tea').catch(() => undefined);
  const onHand = (answer?.warehouses ?? []).reduce((sum, share) => sum + share.onHand, 0);
  return answer !== undefined && onHand === quantity;
}
