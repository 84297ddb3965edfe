import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgresStore } from '@edgestock/central/store/postgres/open-central-store';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { type RedisServer, redisProgram, startRedisServer } from '@edgestock/shared/testing/redis-server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { type NewOrder, ShopApi } from '../api/shop-api.ts';
import { SiteApi } from '../api/site-api.ts';
import { TcpProxy } from '../proxy/tcp-proxy.ts';
import { disagreement } from '../testing/agreement.ts';
import { type RunningCommand, runCommand, startCommand, until } from '../testing/running-command.ts';

/**
 * Central as five processes on one PostgreSQL: two that take in what nodes send, two that answer shops, one that sees to orders. Any of
 * them may die, or lose its database, and nothing is lost, promised twice, or answered from a memory that is older than a second.
 */
const PATIENCE_MS = 60_000;
const WITHIN_MS = 60_000;
/** A worker's term, a beat, and time for a crowded machine. */
const TAKEN_OVER_WITHIN_MS = 20_000;
const WAREHOUSES = ['BER1', 'HAM1', 'MUC1', 'CGN1'];

type Role = 'ingest' | 'api' | 'orders';
type Process = RunningCommand & { readonly url: string };

let folder: string;
let broker: NatsServer;
let postgres: PostgresServer;
/** Where the machine has one, those that answer shops keep in it what they have read. */
let redis: RedisServer | undefined;
/** Between one of those that answer shops and the database. */
let line: TcpProxy;
let workers: Process[];
let shops: readonly Process[];
let orders: Process;
let edges: readonly RunningCommand[];
let nodes: ReadonlyMap<string, EdgeApi>;
let sites: ReadonlyMap<string, SiteApi>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-roles-'));
  [broker, postgres] = await Promise.all([startNatsServer(), startPostgresServer()]);
  await postgres.createDatabase('edgestock');
  if (redisProgram() !== undefined) redis = await startRedisServer(folder);
  line = await TcpProxy.start({ host: '127.0.0.1', port: Number(new URL(postgres.url('edgestock')).port) });
  const behindLine = postgres.url('edgestock').replace(/:\d+\//, `:${line.port}/`);
  const started = await Promise.all([
    startProcess('ingest'),
    startProcess('ingest'),
    startProcess('api'),
    startProcess('api', behindLine),
    startProcess('orders'),
  ]);
  const [first, second, near, far, last] = started;
  workers = [first, second];
  shops = [near, far];
  orders = last;
  edges = await Promise.all(
    WAREHOUSES.map((warehouse) =>
      startCommand(
        ...['edge', '--warehouse', warehouse, '--data-dir', join(folder, warehouse), '--port', '0'],
        ...['--nats', broker.url, '--json'],
      ),
    ),
  );
  const urls = edges.map(({ ready }) => ready as { readonly warehouse: string; readonly url: string });
  const patience = { patienceMs: PATIENCE_MS };
  nodes = new Map(urls.map(({ warehouse, url }) => [warehouse, new EdgeApi(url, patience)]));
  sites = new Map(urls.map(({ warehouse, url }) => [warehouse, new SiteApi(url, patience)]));
});

afterAll(async () => {
  const processes = [...(edges ?? []), ...(workers ?? []), ...(shops ?? []), ...(orders === undefined ? [] : [orders])];
  await Promise.all(processes.map((one) => one.kill('SIGKILL')));
  await line?.stop();
  await Promise.all([broker?.stop(), postgres?.stop(), redis?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

test('each does its part: shards are shared, goods that come in can be ordered anywhere, and are shipped', async () => {
  const isShared = async () => (await shardsOf(workers)).every((shards) => shards.length === 4);
  await until(isShared, TAKEN_OVER_WITHIN_MS, 'each worker has half of the shards');
  expect((await shardsOf(workers)).flat().sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const warehouse of WAREHOUSES) await received(warehouse, 'A', 20);
  for (const [index, { url }] of shops.entries()) {
    await until(async () => (await available(url, 'A')) > 30, WITHIN_MS, 'all of it is here');
    const shop = new ShopApi(url, { patienceMs: PATIENCE_MS });
    const id = `order-${index}`;
    expect((await shop.place({ id, owner: id, lines: [{ sku: 'A', quantity: 12 }] })).reply).toBe('made');
    expect((await shop.pay(id, 'authorised')).reply).toBe('made');
    // At the other one, too.
    const other = new ShopApi(must(shops[1 - index], 'the other').url, { patienceMs: PATIENCE_MS });
    await until(
      async () => await shippedAll(async () => (await other.order(id)).state === 'done'),
      WITHIN_MS,
      'shipped',
    );
  }
  // Whoever answers no shops says so, and tells operators what it does.
  const hint = expect.stringContaining('--roles api');
  expect(await requestJson(`${orders.url}/v1/availability/A`)).toMatchObject({ status: 404, body: { hint } });
  expect((await requestJson(`${orders.url}/v1/status`)).body).toMatchObject({ roles: ['orders'] });
  expect((await requestJson(`${orders.url}/v1/warehouses`)).status).toBe(200);
  await everythingAgrees();
});

test('units that two processes have to give are promised once each', async () => {
  await received('BER1', 'SCARCE', 80);
  for (const { url } of shops) await until(async () => (await available(url, 'SCARCE')) === 40, WITHIN_MS, 'known');
  const replies = await Promise.all(
    Array.from({ length: 120 }, (_, index) => {
      const shop = new ShopApi(must(shops[index % 2], 'one of two').url, { patienceMs: PATIENCE_MS });
      return shop.reserve({ id: `scarce-${index}`, owner: 'cart', lines: [{ sku: 'SCARCE', quantity: 1 }] });
    }),
  );
  expect(replies.filter(({ reply }) => reply === 'made')).toHaveLength(40);
  expect(replies.flatMap((reply) => (reply.reply === 'refused' ? [reply.code] : []))).toEqual(
    Array(80).fill('insufficient'),
  );
  for (const { url } of shops) await until(async () => (await available(url, 'SCARCE')) === 0, WITHIN_MS, 'all gone');
  await everythingAgrees();
});

test('a second process that sees to orders does no order twice: paid, allocated and shipped once each', async () => {
  const second = await startProcess('orders');
  try {
    const askers = shops.map(({ url }) => new ShopApi(url, { patienceMs: PATIENCE_MS }));
    const [near, far] = [must(askers[0], 'near'), must(askers[1], 'far')];
    for (const warehouse of ['BER1', 'HAM1']) await received(warehouse, 'ONCE', 40);
    await until(async () => (await available(near.url, 'ONCE')) === 40, WITHIN_MS, 'all of it is here');
    const place = async (id: string, sku: string, more: Partial<NewOrder> = {}) =>
      expect((await near.place({ id, owner: id, lines: [{ sku, quantity: 2 }], ...more })).reply).toBe('made');
    const ids = (kind: string) => Array.from({ length: 8 }, (_, index) => `${kind}-${index}`);
    // Some are paid, some wait for goods, and of some nobody hears in time: then the payment is over, which both will find.
    await Promise.all([
      ...ids('once').map((id) => place(id, 'ONCE')),
      ...ids('late').map((id) => place(id, 'ONCE', { paymentTtlSeconds: 2 })),
      ...ids('waits').map((id) => place(id, 'COMES', { onShortage: 'backorder' })),
    ]);
    const paid = [...ids('once'), ...ids('waits')];
    await Promise.all(paid.flatMap((id) => [near.pay(id, 'authorised'), far.pay(id, 'authorised')]));
    await received('HAM1', 'COMES', 40);
    const isOver = async (id: string) => ['done', 'cancelled'].includes((await far.order(id)).state);
    const areOver = async () => (await Promise.all([...paid, ...ids('late')].map(isOver))).every(Boolean);
    await until(() => shippedAll(areOver), WITHIN_MS, 'each has come to its end');

    const shipped = new Map<string, number>();
    for (const site of sites.values()) {
      for await (const { kind, document = '', quantity } of site.log()) {
        if (kind === 'ship') shipped.set(document, (shipped.get(document) ?? 0) - quantity);
      }
    }
    for (const id of paid) {
      const { allocations, history } = await near.order(id);
      expect(allocations.map(({ task }) => [task, shipped.get(task)])).toEqual([[`${id}.1`, 2]]);
      const first = id.startsWith('waits') ? ['backordered', 'paid', 'served'] : ['placed', 'paid'];
      expect(history.map(({ step }) => step)).toEqual([...first, 'allocated', 'shipped', 'done']);
    }
    for (const id of ids('late')) {
      const { allocations, history } = await near.order(id);
      expect(allocations).toEqual([]);
      expect(history.map(({ step }) => step)).toEqual(['placed', 'payment-timed-out', 'cancelled']);
    }
    await until(async () => (await available(far.url, 'ONCE')) === 24, WITHIN_MS, 'what was not paid is there again');
    await everythingAgrees();
  } finally {
    await second.kill('SIGKILL');
  }
});

test.skipIf(redisProgram() === undefined)(
  'what one has read the other finds in Redis, and nothing that has changed',
  async () => {
    const [near = '', far = ''] = shops.map(({ url }) => url);
    await received('BER1', 'KEPT', 12);
    await until(async () => (await available(near, 'KEPT')) === 6, WITHIN_MS, 'known at the one');
    const before = await foundInRedis(far);
    expect(await available(far, 'KEPT')).toBe(6);
    expect(await foundInRedis(far)).toBe(before + 1);
    const shop = new ShopApi(near, { patienceMs: PATIENCE_MS });
    expect((await shop.reserve({ id: 'kept', owner: 'cart', lines: [{ sku: 'KEPT', quantity: 6 }] })).reply).toBe(
      'made',
    );
    await until(async () => (await available(far, 'KEPT')) === 0, WITHIN_MS, 'known at the other');
  },
);

test('a worker that is killed under traffic is replaced by the other within seconds', async () => {
  const traffic = sell(400);
  await systemClock.sleep(300);
  const [killed, left] = workers;
  await must(killed, 'the first').kill('SIGKILL');
  const killedAtMs = systemClock.monotonicMs();
  const survivor = must(left, 'the second');
  await until(async () => (await shardsOf([survivor]))[0]?.length === 8, TAKEN_OVER_WITHIN_MS, 'the other has all');
  const tookMs = systemClock.monotonicMs() - killedAtMs;
  await traffic;
  await everythingAgrees();
  // And shares them with the next one.
  workers = [survivor, await startProcess('ingest')];
  const isShared = async () => (await shardsOf(workers)).every((shards) => shards.length === 4);
  await until(isShared, TAKEN_OVER_WITHIN_MS, 'the new one has half of them');
  await sell(40);
  await everythingAgrees();
  expect(tookMs).toBeLessThan(TAKEN_OVER_WITHIN_MS);
});

test('one that has lost its database answers nothing from memory, and goes on when it is back', async () => {
  const [near, far] = shops.map(({ url }) => url);
  await received('BER1', 'CUT', 10);
  await until(async () => (await available(must(far, 'far'), 'CUT')) === 5, WITHIN_MS, 'known there');
  const ask = () => requestJson(`${far}/v1/availability/CUT`, { timeoutMs: 30_000 });
  // Asked often enough to be in memory, and then cut off.
  for (let asked = 0; asked < 5; asked += 1) expect((await ask()).status).toBe(200);
  line.cut();
  const cutAtMs = systemClock.monotonicMs();
  const shop = new ShopApi(must(near, 'near'), { patienceMs: PATIENCE_MS });
  const lines = [{ sku: 'CUT', quantity: 5 }];
  expect((await shop.reserve({ id: 'cut', owner: 'cut', lines })).reply).toBe('made');
  await until(async () => (await ask()).status === 503, WITHIN_MS, 'it does not answer from memory');
  await until(async () => !(await isTrusted(must(far, 'far'))), WITHIN_MS, 'it says so');
  expect(systemClock.monotonicMs() - cutAtMs).toBeLessThan(WITHIN_MS);
  line.heal();
  await until(async () => (await ask()).status === 200, WITHIN_MS, 'it answers again');
  expect((await ask()).body).toMatchObject({ available: 0 });
  await until(async () => isTrusted(must(far, 'far')), WITHIN_MS, 'and from memory again');
});

test('an epoch that one process begins is taken up by all of them', async () => {
  // Not by the command for that: it refuses while any of them is connected.
  const told = await runCommand('central', 'restored', '--store', postgres.url('edgestock'), '--reason', 'a drill');
  expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining('a central is connected to the database') });
  const { store } = await openPostgresStore(postgres.url('edgestock'), { clock: systemClock, random: systemRandom });
  const before = await store.centralEpoch();
  expect(before).toBe(1);
  const { centralEpoch: newEpoch } = await store.beginEpoch({ heard: before, reason: 'a drill' }, systemClock.now());
  await store.close();
  const isSettled = async () => {
    const { centralEpoch, warehouses } = (await requestJson(`${shops[0]?.url}/v1/status`)).body as {
      readonly centralEpoch: number;
      readonly warehouses?: { readonly notCounted: readonly string[] };
    };
    return centralEpoch === newEpoch && warehouses?.notCounted.length === 0;
  };
  await until(isSettled, WITHIN_MS, 'every node is heard in it, and caught up with');
  const shop = new ShopApi(must(shops[0], 'near').url, { patienceMs: PATIENCE_MS });
  expect((await shop.place({ id: 'later', owner: 'later', lines: [{ sku: 'A', quantity: 1 }] })).reply).toBe('made');
  expect((await shop.pay('later', 'authorised')).reply).toBe('made');
  const isDone = async () => (await shop.order('later')).state === 'done';
  await until(async () => await shippedAll(isDone), WITHIN_MS, 'what was ordered in it is shipped');
  expect((await requestJson(`${shops[0]?.url}/v1/status`)).body).toMatchObject({ centralEpoch: newEpoch });
  await everythingAgrees();
});

async function startProcess(role: Role, store = postgres.url('edgestock')): Promise<Process> {
  const where = ['--store', store, '--port', '0', '--nats', broker.url];
  if (role === 'api' && redis !== undefined) where.push('--redis', redis.url);
  const started = await startCommand('central', '--roles', role, ...where, '--json');
  return { ...started, url: (started.ready as { readonly central: string }).central };
}

async function shardsOf(processes: readonly Process[]): Promise<readonly (readonly number[])[]> {
  return Promise.all(
    processes.map(async ({ url }) => {
      const { shards = [] } = (await requestJson(`${url}/v1/status`)).body as { readonly shards?: readonly number[] };
      return shards;
    }),
  );
}

/** What it did not have in memory, and found there. */
async function foundInRedis(url: string): Promise<number> {
  const { cache } = (await requestJson(`${url}/v1/status`)).body as {
    readonly cache: { readonly redis: { hits: number } };
  };
  return cache.redis.hits;
}

async function isTrusted(url: string): Promise<boolean> {
  const { cache } = (await requestJson(`${url}/v1/status`)).body as { readonly cache: { readonly isTrusted: boolean } };
  return cache.isTrusted;
}

async function received(warehouse: string, sku: string, quantity: number): Promise<void> {
  const body = { kind: 'receive', lines: [{ sku, quantity }] };
  const request = { warehouse, path: '/v1/movements' as const, body, key: `${sku} in`, changes: [] };
  expect((await must(nodes.get(warehouse), warehouse).record(request)).reply).toBe('recorded');
}

/** Goods come in and go out again at every node, in so many movements of each. */
async function sell(movements: number): Promise<void> {
  await Promise.all(
    [...nodes].map(async ([warehouse, node]) => {
      for (let count = 0; count < movements; count += 1) {
        const body = { kind: 'receive', lines: [{ sku: `T-${count % 7}`, quantity: 1 + (count % 3) }] };
        const key = `${warehouse} ${movements} ${count}`;
        const request = { warehouse, path: '/v1/movements' as const, body, key, changes: [] };
        expect((await node.record(request)).reply).toBe('recorded');
      }
    }),
  );
}

async function shippedAll(isDone: () => Promise<boolean>): Promise<boolean> {
  for (const site of sites.values()) {
    for (const { task } of await site.openTasks()) expect(await site.ship(task)).toMatchObject({ reply: 'done' });
  }
  return isDone();
}

async function available(url: string, sku: string): Promise<number> {
  return (await new CentralApi(url).availability(sku)).available;
}

/** Every process that answers says of every warehouse what its node says, and of nothing was more promised than there was. */
async function everythingAgrees(): Promise<void> {
  for (const { url } of shops) {
    const api = new CentralApi(url);
    const agree = async () => (await disagreement(api, nodes)) === undefined;
    await until(agree, WITHIN_MS, 'nodes and central agree');
    expect(await new ShopApi(url, { patienceMs: PATIENCE_MS }).oversold()).toBe(0);
  }
}
