import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { ShopApi } from '../api/shop-api.ts';
import { SiteApi } from '../api/site-api.ts';
import { portFor } from '../system/ports.ts';
import { disagreement } from '../testing/agreement.ts';
import { Hammer } from '../testing/hammer.ts';
import { type RunningCommand, runCommand, startCommand, until } from '../testing/running-command.ts';

/**
 * Central on a PostgreSQL of its own, a node, a broker, all of them real: what central promises and takes in survives the death of
 * central and of the database server, with nothing lost and nothing promised twice.
 */
const PATIENCE_MS = 60_000;
const WITHIN_MS = 60_000;
const STOREFRONTS = 80;
const COUNTERS = 20;
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

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-on-postgres-'));
  [broker, postgres] = await Promise.all([startNatsServer(), startPostgresServer()]);
  await postgres.createDatabase('edgestock');
  centralUrl = `http://127.0.0.1:${await portFor(0, '--central-port')}`;
  const where = ['--warehouse', 'BER1', '--data-dir', join(folder, 'BER1'), '--port', '0'];
  [central, edge] = await Promise.all([startCentral(), startCommand('edge', ...where, '--nats', broker.url, '--json')]);
  const { url } = edge.ready as { readonly url: string };
  const patience = { patienceMs: PATIENCE_MS };
  shop = new ShopApi(centralUrl, patience);
  site = new SiteApi(url, patience);
  node = new EdgeApi(url, patience);
});

afterAll(async () => {
  await Promise.all([edge?.kill('SIGKILL'), central?.kill('SIGKILL')]);
  await Promise.all([broker?.stop(), postgres?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

test('a sale becomes availability, and an order is shipped', async () => {
  await received('A', 20);
  await sold('A', 4);
  await until(async () => (await onHandAtCentral('A')) === 16, WITHIN_MS, 'central knows of the sale');
  expect((await shop.place({ id: 'first', owner: 'first', lines: [{ sku: 'A', quantity: 3 }] })).reply).toBe('made');
  expect((await shop.pay('first', 'authorised')).reply).toBe('made');
  await until(async () => (await site.openTasks()).length > 0, WITHIN_MS, 'the node has the task');
  for (const { task } of await site.openTasks()) expect(await site.ship(task)).toMatchObject({ reply: 'done' });
  await until(async () => (await shop.order('first')).state === 'done', WITHIN_MS, 'the order is done');
  await everythingAgrees();
  expect((await status()).store).toMatchObject({
    kind: 'postgresql',
    url: postgres.url('edgestock').replace('edgestock@', ''),
  });
});

test('central killed in the middle of it has kept what it said, and promises nothing twice', async () => {
  await received('KILL', 40);
  const hammer = hammerOn('KILL');
  await hammer.storefronts(4);
  const traffic = Promise.all([hammer.storefronts(STOREFRONTS), hammer.counters(COUNTERS)]);
  await until(() => hammer.reserved.length > 6, WITHIN_MS, 'there is traffic', 1);
  await central.kill('SIGKILL');
  central = await startCentral();
  await traffic;
  await everyUnitIsPromisedOnce(hammer, 40);
});

test('while the database server is away, nothing is lost and everybody is told; then all goes on by itself', async () => {
  await received('AWAY', 40);
  const hammer = hammerOn('AWAY');
  await hammer.storefronts(4);
  const traffic = Promise.all([hammer.storefronts(STOREFRONTS), hammer.counters(COUNTERS)]);
  await until(() => hammer.reserved.length > 6, WITHIN_MS, 'there is traffic', 1);
  await postgres.kill();
  // The node goes on, and what it records waits for central.
  await received('MEANWHILE', 5);
  await until(
    async () => (await status()).ingest.state === 'store-failing',
    WITHIN_MS,
    'central says that it cannot write',
  );
  expect((await status()).ingest).toMatchObject({ isUp: false, hint: expect.stringContaining('database server') });
  expect((await requestJson(`${centralUrl}/healthz`)).status).toBe(200);
  expect((await requestJson(`${centralUrl}/readyz`)).status).toBe(503);
  const refused = await fetch(`${centralUrl}/v1/availability/AWAY`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ code: 'unavailable', reason: 'store-away', retryable: true });
  const body = { id: 'not-now', owner: 'not-now', lines: [{ sku: 'AWAY', quantity: 1 }] };
  expect(await requestJson(`${centralUrl}/v1/reservations`, { body, timeoutMs: 30_000 })).toMatchObject({
    status: 503,
    body: { reason: 'store-away', retryable: true },
  });
  await postgres.restart();
  await traffic;
  await until(async () => (await status()).ingest.state === 'running', WITHIN_MS, 'central goes on');
  await everyUnitIsPromisedOnce(hammer, 40);
  await until(async () => (await onHandAtCentral('MEANWHILE')) === 5, WITHIN_MS, 'what came meanwhile is here');
});

test('central that starts before its server says so, and serves as soon as it is there', async () => {
  await postgres.kill();
  // In order, though nobody answers any more.
  expect(await central.kill('SIGTERM')).toBe(0);
  central = await startCentral();
  expect(central.ready).toMatchObject({ isReady: false, waitsFor: 'store', reason: expect.any(String) });
  const waiting = await status();
  expect(waiting).toMatchObject({ role: 'central', ingest: { isUp: false } });
  expect((await requestJson(`${centralUrl}/v1/availability/A`)).status).toBe(503);
  expect((await fetch(`${centralUrl}/metrics`)).status).toBe(200);
  await until(async () => (await status()).ingest.state === 'store-failing', WITHIN_MS, 'it says what it waits for');
  await postgres.restart();
  await until(async () => (await status()).ingest.state === 'running', WITHIN_MS, 'central serves');
  const isReady = async () => (await requestJson(`${centralUrl}/readyz`)).status === 200;
  await until(isReady, WITHIN_MS, 'it is ready');
  await everythingAgrees();
});

test('a password that is changed under it is named, and central goes on when the server is given the old one', async () => {
  await postgres.demandPassword('edgestock', 'another');
  const isNamed = async () => (await status()).ingest.reason?.includes('password') === true;
  await until(isNamed, WITHIN_MS, 'central says what keeps it out');
  expect((await status()).ingest).toMatchObject({
    ...{ isUp: false, state: 'store-failing', reason: 'the database server refuses the password of "edgestock"' },
    hint: expect.stringContaining('ALTER ROLE'),
  });
  await expect(startCentral()).rejects.toThrow(/ended with 1:.*refuses the password of.*PGPASSWORD/s);
  await postgres.demandPassword('edgestock', PASSWORD);
  await until(async () => (await status()).ingest.state === 'running', WITHIN_MS, 'central goes on');
  await postgres.demandPassword('edgestock', undefined);
  await everythingAgrees();
});

test('a database that was put back by its own means begins the next epoch, when it is told so', async () => {
  const early = await runCommand('central', 'restored', '--store', storeUrl());
  expect(early).toMatchObject({ code: 2, stderr: expect.stringContaining('Stop it first') });
  await central.kill('SIGTERM');
  vi.stubEnv('EDGESTOCK_CENTRAL_STORE', storeUrl());
  const backup = await runCommand('central', 'backup', '--to', join(folder, 'backup.db'));
  vi.unstubAllEnvs();
  expect(backup).toMatchObject({ code: 1, stderr: expect.stringContaining('pg_dump') });
  const told = await runCommand('central', 'restored', '--store', storeUrl(), '--reason', 'a drill', '--json');
  expect(told, told.stderr).toMatchObject({ code: 0 });
  expect(told.stdout + told.stderr).not.toContain(PASSWORD);
  const { newEpoch } = JSON.parse(told.stdout) as { readonly newEpoch: number };
  central = await startCentral();
  expect(await status()).toMatchObject({ centralEpoch: newEpoch, epochBegan: { reason: 'a drill' } });
  const isSettled = async () => (await status()).warehouses?.notCounted.length === 0;
  await until(isSettled, WITHIN_MS, 'the node is heard and caught up with');
  await everythingAgrees();
});

function storeUrl(): string {
  return postgres.url('edgestock').replace('edgestock@', `edgestock:${PASSWORD}@`);
}

async function startCentral(): Promise<RunningCommand> {
  const where = ['--store', storeUrl(), '--port', new URL(centralUrl).port, '--nats', broker.url];
  return startCommand('central', ...where, '--json');
}

function hammerOn(sku: string): Hammer {
  return new Hammer({ lines: [{ sku, quantity: 1 }], centralUrl, siteUrl: site.url, patienceMs: PATIENCE_MS });
}

async function received(sku: string, quantity: number): Promise<void> {
  const body = { kind: 'receive', lines: [{ sku, quantity }] };
  const request = { warehouse: 'BER1', path: '/v1/movements' as const, body, key: `${sku} in`, changes: [] };
  expect((await node.record(request)).reply).toBe('recorded');
  if (sku === 'MEANWHILE') return;
  const isGranted = async () => (await new CentralApi(centralUrl).availability(sku)).available === quantity / 2;
  await until(isGranted, WITHIN_MS, `central may promise half of ${sku}`);
}

async function sold(sku: string, quantity: number): Promise<void> {
  const body = { till: '1', receipt: `R-${sku}`, lines: [{ sku, quantity }] };
  const request = { warehouse: 'BER1', path: '/v1/sales' as const, body, key: `${sku} sold`, changes: [] };
  expect((await node.record(request)).reply).toBe('recorded');
}

/** To the last one, and central and the node agree who has it. */
async function everyUnitIsPromisedOnce(hammer: Hammer, units: number): Promise<void> {
  await hammer.mopUp();
  expect(hammer.unclean).toEqual([]);
  expect(hammer.history.unfinished()).toEqual([]);
  expect(hammer.promised).toBe(units);
  for (const id of hammer.reserved) expect((await shop.reservation(id)).state).toBe('held');
  const sku = must(hammer.lines[0], 'a line').sku;
  const held = (await shop.shares(sku)).reduce((sum, share) => sum + share.held, 0);
  expect(held).toBe(hammer.reserved.length);
  await everythingAgrees();
}

async function everythingAgrees(): Promise<void> {
  const api = new CentralApi(centralUrl);
  const agree = async () => (await disagreement(api, [['BER1', node]])) === undefined;
  await until(agree, WITHIN_MS, 'node and central agree on every position');
  expect(await shop.oversold()).toBe(0);
  for (const { granted, returned, allocatedSent, held, unspent } of await shop.shares('A')) {
    expect(unspent).toBe(granted - returned - allocatedSent - held);
    expect(unspent).toBeGreaterThanOrEqual(0);
  }
  expect(central.said.join('\n')).not.toContain(PASSWORD);
}

async function onHandAtCentral(sku: string): Promise<number> {
  return (await new CentralApi(centralUrl).availability(sku)).warehouses.reduce((sum, { onHand }) => sum + onHand, 0);
}

type Status = {
  readonly store: object;
  readonly ingest: { readonly state: string; readonly reason?: string };
  readonly warehouses?: { readonly notCounted: readonly string[] };
};

async function status(): Promise<Status> {
  return (await requestJson(`${centralUrl}/v1/status`, { timeoutMs: 5_000 })).body as Status;
}
