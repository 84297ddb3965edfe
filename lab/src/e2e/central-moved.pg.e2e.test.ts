import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { ShopApi } from '../api/shop-api.ts';
import { SiteApi } from '../api/site-api.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { portFor } from '../system/ports.ts';
import { disagreement } from '../testing/agreement.ts';
import {
  type EndedCommand,
  type RunningCommand,
  runCommand,
  runCommandUnder,
  startCommand,
  until,
} from '../testing/running-command.ts';

/**
 * Central begins with a file, moves to a PostgreSQL database and back, all of it real: the node that sells meanwhile goes on as if
 * nothing had happened, and nothing of what was promised is lost or promised twice.
 */
const WITHIN_MS = 60_000;
const patience = { patienceMs: 60_000 };
const PASSWORD = 'not-for-logs';

let folder: string;
let broker: NatsServer;
let postgres: PostgresServer;
let central: RunningCommand;
let edge: RunningCommand;
let centralUrl: string;
let shop: ShopApi;
let site: SiteApi;
let node: EdgeApi;
const directory = (name = 'central') => join(folder, name);
const address = () => postgres.url('edgestock').replace('edgestock@', `edgestock:${PASSWORD}@`);
const inFile = (name?: string) => ['--data-dir', directory(name)];
const onServer = () => ['--store', address()];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-moved-'));
  [broker, postgres] = await Promise.all([startNatsServer(), startPostgresServer()]);
  await postgres.createDatabase('edgestock');
  centralUrl = `http://127.0.0.1:${await portFor(0, '--central-port')}`;
  const where = ['--warehouse', 'BER1', '--data-dir', join(folder, 'BER1'), '--port', '0'];
  [central, edge] = await Promise.all([
    startCentral(inFile()),
    startCommand('edge', ...where, '--nats', broker.url, '--json'),
  ]);
  const { url } = edge.ready as { readonly url: string };
  shop = new ShopApi(centralUrl, patience);
  site = new SiteApi(url, patience);
  node = new EdgeApi(url, patience);
});

afterAll(async () => {
  await Promise.all([edge?.kill('SIGKILL'), central?.kill('SIGKILL')]);
  await Promise.all([broker?.stop(), postgres?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

test('the store moves to the database while its node sells on, and only where it is can central be started', async () => {
  await received('A', 40);
  await until(async () => (await available()) === 20, WITHIN_MS, 'central may promise half of it');
  await placed('firm', 3);
  await reserve('kept', 2);
  const before = await status();

  const busy = await move(`sqlite:${directory()}`, address());
  expect(busy).toMatchObject({ code: 2, stderr: expect.stringContaining('a central runs on') });
  expect(await central.kill('SIGTERM')).toBe(0);
  await sold(4);

  // Killed wherever it is: the same command begins anew, or ends it.
  for (const seconds of ['0.6', '0.9', '1.2']) {
    const command = ['central', 'move', '--from', `sqlite:${directory()}`, '--to', address()];
    await runCommandUnder(['timeout', '--signal=KILL', seconds], ...command);
  }
  const moved = await move(`sqlite:${directory()}`, address());
  expect(moved, moved.stderr).toMatchObject({ code: 0 });
  expect(moved.stdout + moved.stderr).not.toContain(PASSWORD);
  const again = await move(`sqlite:${directory()}`, address());
  expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'ended' });
  await expect(startCentral(inFile())).rejects.toThrow(
    /the store was moved to postgres:.*\n.*Start central on postgres:/s,
  );

  central = await startCentral(onServer());
  await everythingAgrees(36);
  expect(await status()).toMatchObject({ centralEpoch: before.centralEpoch, store: { kind: 'postgresql' } });
  expect((await shop.reservation('kept')).state).toBe('held');
  for (const { task } of await site.openTasks()) expect(await site.ship(task)).toMatchObject({ reply: 'done' });
  await until(async () => (await shop.order('firm')).state === 'done', WITHIN_MS, 'the order is done');
  expect(await available()).toBe(15);
});

test('it does not move away from under a central, or to where a store is', async () => {
  const busy = await move(address(), `sqlite:${directory('back')}`);
  expect(busy).toMatchObject({ code: 2, stderr: expect.stringContaining('a central is connected to the database') });
  await reserve('after', 1);
  expect(await central.kill('SIGTERM')).toBe(0);
  const occupied = await move(address(), `sqlite:${directory()}`);
  expect(occupied).toMatchObject({ code: 1, stderr: expect.stringContaining('holds a store that was moved to') });
});

test('it moves back into a file with all that was done in the database', async () => {
  const moved = await move(address(), `sqlite:${directory('back')}`);
  expect(moved, moved.stderr).toMatchObject({ code: 0 });
  await expect(startCentral(onServer())).rejects.toThrow('the store was moved to sqlite:');
  central = await startCentral(inFile('back'));
  await sold(1);
  await everythingAgrees(32);
  for (const id of ['kept', 'after']) expect((await shop.confirm(id)).reply).toBe('made');
  await until(async () => (await site.openTasks()).length === 2, WITHIN_MS, 'the node has the tasks');
  for (const { task } of await site.openTasks()) expect(await site.ship(task)).toMatchObject({ reply: 'done' });
  await everythingAgrees(29);
  expect(await available()).toBe(14);
});

test('what was moved away is taken back into use, in the next epoch, when that is asked for', async () => {
  expect(await central.kill('SIGTERM')).toBe(0);
  const undone = await runCommand(
    ...['central', 'move', '--undo', '--from', address(), '--to', `sqlite:${directory('back')}`, '--json'],
  );
  expect(undone, undone.stderr).toMatchObject({ code: 0 });
  await expect(startCentral(inFile('back'))).rejects.toThrow('the store was moved to postgres:');
  const { newEpoch } = JSON.parse(undone.stdout) as { readonly newEpoch: number };
  central = await startCentral(onServer());
  expect(await status()).toMatchObject({ centralEpoch: newEpoch });
  await until(
    async () => (await status()).warehouses?.notCounted.length === 0,
    WITHIN_MS,
    'the node is caught up with',
  );
  await everythingAgrees(29);
  expect(await shop.oversold()).toBe(0);
});

test('a central that was cut off from the database while the store moved away ends when its line is back', async () => {
  expect(await central.kill('SIGTERM')).toBe(0);
  const line = await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(address()).port) });
  try {
    central = await startCentral(['--store', address().replace(/:\d+\//, `:${line.port}/`), '--roles', 'api']);
    line.cut();
    const moved = await move(address(), `sqlite:${directory('last')}`);
    expect(moved, moved.stderr).toMatchObject({ code: 0 });
    line.heal();
    const isToldWhere = async () => central.said.join('\n').includes('Start central on sqlite:');
    await until(isToldWhere, WITHIN_MS, 'it says where the store is');
    const isGone = () =>
      available().then(
        () => false,
        () => true,
      );
    await until(isGone, WITHIN_MS, 'nobody answers from the closed store');
    expect(await central.kill('SIGTERM')).toBe(1);
    expect(central.said).toContainEqual(expect.stringMatching(/^the store was moved to sqlite:/));
    expect(central.said).not.toContainEqual(expect.stringMatching(/^ {4}at /));
  } finally {
    await line.stop();
  }
});

function startCentral(store: readonly string[]): Promise<RunningCommand> {
  return startCommand('central', ...store, '--port', new URL(centralUrl).port, '--nats', broker.url, '--json');
}

function move(from: string, to: string): Promise<EndedCommand> {
  return runCommand('central', 'move', '--from', from, '--to', to, '--json');
}

async function received(sku: string, quantity: number): Promise<void> {
  const body = { kind: 'receive', lines: [{ sku, quantity }] };
  const request = { warehouse: 'BER1', path: '/v1/movements' as const, body, key: `${sku} in`, changes: [] };
  expect((await node.record(request)).reply).toBe('recorded');
}

async function sold(quantity: number): Promise<void> {
  const body = { till: '1', receipt: `R-${quantity}`, lines: [{ sku: 'A', quantity }] };
  const request = { warehouse: 'BER1', path: '/v1/sales' as const, body, key: `${quantity} sold`, changes: [] };
  expect((await node.record(request)).reply).toBe('recorded');
}

async function placed(id: string, quantity: number): Promise<void> {
  expect((await shop.place({ id, owner: id, lines: [{ sku: 'A', quantity }] })).reply).toBe('made');
  expect((await shop.pay(id, 'authorised')).reply).toBe('made');
  await until(async () => (await site.openTasks()).length > 0, WITHIN_MS, 'the node has the task');
}

async function reserve(id: string, quantity: number): Promise<void> {
  const cart = { id, owner: id, lines: [{ sku: 'A', quantity }], ttlSeconds: 3_600 };
  expect((await shop.reserve(cart)).reply).toBe('made');
}

async function available(): Promise<number> {
  return (await new CentralApi(centralUrl).availability('A')).available;
}

async function everythingAgrees(onHand: number): Promise<void> {
  const api = new CentralApi(centralUrl);
  const agree = async () => (await disagreement(api, [['BER1', node]])) === undefined;
  await until(agree, WITHIN_MS, 'node and central agree on every position');
  expect((await node.positions()).get('A')?.onHand).toBe(onHand);
  expect(await shop.oversold()).toBe(0);
}

type Status = {
  readonly store: object;
  readonly centralEpoch: number;
  readonly warehouses?: { readonly notCounted: readonly string[] };
};

async function status(): Promise<Status> {
  return (await requestJson(`${centralUrl}/v1/status`, { timeoutMs: 5_000 })).body as Status;
}
