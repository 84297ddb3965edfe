import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { silentLog } from '@edgestock/shared/runtime/log';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { ShopApi } from '../api/shop-api.ts';
import { SiteApi } from '../api/site-api.ts';
import { type Broker, startBroker } from '../system/broker.ts';
import { portFor } from '../system/ports.ts';
import { disagreement } from '../testing/agreement.ts';
import { centralStores } from '../testing/central-stores.ts';
import { type RunningCommand, runCommand, startCommand, until } from '../testing/running-command.ts';

/**
 * The restore drill with real processes: traffic, a backup while it runs, more traffic, central killed and restored, traffic. What
 * central has forgotten stands at the nodes, and nothing of it is promised twice.
 */
const PATIENCE_MS = 40_000;
const WITHIN_MS = 60_000;
const WAREHOUSES = ['BER1', 'HAM1'];

let folder: string;
let broker: Broker;
let central: RunningCommand;
let edges: readonly RunningCommand[];
let centralUrl: string;
let store: string;
let shop: ShopApi;
let sites: ReadonlyMap<string, SiteApi>;
let nodes: ReadonlyMap<string, EdgeApi>;
const stores = centralStores();
const isOnServer = stores.kind === 'postgres';
/** A server's own means put it back: that drill is in `central-on-postgres.pg.e2e.test.ts`. */
const left = isOnServer ? ' (left out: central backs up and restores only a store that is a file)' : '';
const centralDir = () => join(folder, 'central');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-restored-'));
  broker = await startBroker({
    directory: join(folder, 'nats'),
    port: await portFor(0, '--nats-port'),
    log: silentLog,
  });
  const port = await portFor(0, '--central-port');
  centralUrl = `http://127.0.0.1:${port}`;
  store = await stores.fresh();
  central = await startCentral();
  edges = await Promise.all(
    WAREHOUSES.map((warehouse) =>
      startCommand(
        ...['edge', '--warehouse', warehouse, '--data-dir', join(folder, warehouse)],
        ...['--port', '0', '--nats', broker.url, '--json'],
      ),
    ),
  );
  const urls = new Map(
    edges.map(({ ready }) => ready as { warehouse: string; url: string }).map((one) => [one.warehouse, one.url]),
  );
  shop = new ShopApi(centralUrl, { patienceMs: PATIENCE_MS });
  sites = new Map([...urls].map(([warehouse, url]) => [warehouse, new SiteApi(url, { patienceMs: PATIENCE_MS })]));
  nodes = new Map([...urls].map(([warehouse, url]) => [warehouse, new EdgeApi(url, { patienceMs: PATIENCE_MS })]));
});

afterAll(async () => {
  await Promise.all([...(edges ?? []), ...(central === undefined ? [] : [central])].map((one) => one.kill('SIGKILL')));
  await broker?.stop();
  await rm(folder, { recursive: true, force: true });
});

test.skipIf(isOnServer)(
  `a central that is restored from a backup promises no unit twice, and agrees with its nodes again${left}`,
  async () => {
    await received('BER1', { A: 40, B: 10 });
    await received('HAM1', { A: 20 });
    await until(async () => (await available('A')) === 30, WITHIN_MS, 'central may promise half of it');

    expect((await order('before', { A: 6 })).allocations).not.toEqual([]);
    await place('unpaid', { A: 3 });
    await reserve('kept', { A: 2 });
    await reserve('dropped', { A: 4 });
    const backup = join(folder, 'backup.db');
    const [written] = await Promise.all([
      runCommand('central', 'backup', '--data-dir', centralDir(), '--to', backup, '--json'),
      ...Array.from({ length: 10 }, (_, index) => reserve(`beside-${index}`, { B: 1 })),
    ]);
    expect(written, written.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(written.stdout)).toMatchObject({
      path: backup,
      centralEpoch: 1,
      warehouses: [{ warehouse: 'BER1' }, { warehouse: 'HAM1' }],
    });

    // What central is going to forget: an order, a payment, a withdrawal, units that went back to a counter.
    await order('forgotten', { A: 5 });
    expect((await shop.pay('unpaid', 'authorised')).reply).toBe('made');
    await shop.release('dropped');
    const sold = await soldOut('HAM1', 'A');
    await shipOne('BER1');
    await until(tasksAreThere(['before', 'unpaid', 'forgotten']), WITHIN_MS, 'the nodes have their tasks');

    const busy = await runCommand('central', 'restore', '--from', backup, '--data-dir', centralDir(), '--replace');
    expect(busy).toMatchObject({ code: 2, stderr: expect.stringContaining('a central runs on') });
    await central.kill('SIGKILL');
    const refused = await runCommand('central', 'restore', '--from', backup, '--data-dir', centralDir());
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--replace') });
    const restored = await runCommand(
      ...['central', 'restore', '--from', backup, '--data-dir', centralDir(), '--replace', '--json'],
    );
    expect(restored, restored.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(restored.stdout)).toMatchObject({ kept: expect.stringContaining('central.db.replaced-') });

    central = await startCentral();
    // Everybody wants what there is, from the first moment on.
    const asked = await Promise.all(Array.from({ length: 60 }, (_, index) => tryReserve(`after-${index}`, { A: 1 })));
    await until(async () => (await notCounted()).length === 0, WITHIN_MS, 'both nodes are heard and caught up with');
    expect(await shop.oversold()).toBe(0);
    expect((await status()).epochBegan).toMatchObject({ reason: expect.stringContaining('restored from a backup') });
    const more = await Promise.all(Array.from({ length: 60 }, (_, index) => tryReserve(`later-${index}`, { A: 1 })));
    // The shop pays once more what it has paid: its parcel is known, and none is made a second time.
    expect((await shop.pay('unpaid', 'authorised')).reply).toBe('made');
    await until(
      async () => (await unknownTasks()).every(({ task }) => !task.startsWith('unpaid')),
      WITHIN_MS,
      'its task is known',
    );

    const forgotten = (await unknownTasks()).filter(({ task }) => task.startsWith('forgotten'));
    expect(forgotten.length).toBeGreaterThan(0);
    for (const { warehouse, task } of forgotten) {
      const released = await post(`/v1/unknown-tasks/${warehouse}/${task}/release`);
      expect(released.status).toBe(202);
    }
    await until(
      async () => (await unknownTasks()).length === 0,
      WITHIN_MS,
      'nobody ships for an order that nobody knows',
    );
    for (const id of [...asked, ...more].filter((one) => one !== undefined)) {
      expect((await shop.confirm(id)).reply).toBe('made');
    }
    await shippedAll();
    expect(sold).toBeGreaterThan(0);
    await everythingAgrees(['before', 'unpaid', ...[...asked, ...more].flatMap((id) => id ?? [])]);
  },
);

test('a copy of its database put back by hand is found out by the nodes, and a new epoch begins by itself', async () => {
  await received('BER1', { C: 20 });
  await until(async () => (await available('C')) === 10, WITHIN_MS, 'central may promise half of it');
  await central.kill('SIGTERM');
  const putBack = await stores.copied(store, centralDir());
  central = await startCentral();
  const { centralEpoch } = await status();
  await order('by-hand', { C: 7 });
  await until(tasksAreThere(['by-hand']), WITHIN_MS, 'the node has its task');
  await central.kill('SIGTERM');
  await putBack();
  central = await startCentral();
  await until(async () => (await status()).centralEpoch > centralEpoch, WITHIN_MS, 'it knows that it was put back');
  await until(async () => (await notCounted()).length === 0, WITHIN_MS, 'both nodes are heard and caught up with');
  expect((await status()).epochBegan).toMatchObject({ reason: expect.stringMatching(/BER1|HAM1/) });
  const quota = async () => (await must(nodes.get('BER1'), 'BER1').positions()).get('C')?.quota;
  await until(async () => (await available('C')) === (await quota()), WITHIN_MS, 'central may promise what is left');
  expect(await unknownTasks()).toMatchObject([{ task: 'by-hand.1' }]);
  await shippedAll();
  await everythingAgrees([]);
});

test('and the books of every node prove it', async () => {
  for (const site of sites.values()) {
    for await (const { sequence, sku, position } of site.log()) {
      const { onHand, reserved, committed, quota } = position;
      const isCovered = reserved + committed + quota <= onHand && Math.min(reserved, committed, quota) >= 0;
      expect(isCovered, `${sku} at ${sequence}: ${JSON.stringify(position)}`).toBe(true);
    }
  }
  await Promise.all(edges.map((edge) => edge.kill('SIGTERM')));
  for (const warehouse of WAREHOUSES) {
    const verified = await runCommand('verify', '--data-dir', join(folder, warehouse));
    expect(verified, verified.stdout).toMatchObject({ code: 0 });
  }
});

function startCentral(): Promise<RunningCommand> {
  const where = [
    '--data-dir',
    centralDir(),
    '--store',
    store,
    '--port',
    new URL(centralUrl).port,
    '--nats',
    broker.url,
  ];
  return startCommand('central', ...where, '--json');
}

async function received(warehouse: string, stock: Readonly<Record<string, number>>): Promise<void> {
  const lines = linesOf(stock);
  const key = `${warehouse} ${JSON.stringify(stock)} in`;
  const body = { kind: 'receive', lines };
  const node = must(nodes.get(warehouse), warehouse);
  expect((await node.record({ warehouse, path: '/v1/movements', body, key, changes: [] })).reply).toBe('recorded');
}

/** Sells over the counter for as long as there is something to sell, last units included; tells how many. */
async function soldOut(warehouse: string, sku: string): Promise<number> {
  const node = must(nodes.get(warehouse), warehouse);
  for (let sold = 0; ; sold += 1) {
    const { onHand = 0, reserved = 0, committed = 0, quota = 0 } = (await node.positions()).get(sku) ?? {};
    if (sold === 12 || onHand - reserved - committed - quota <= 0) return sold;
    const body = { till: '1', lines: [{ sku, quantity: 1 }], receipt: `R-${warehouse}-${sku}-${sold}` };
    const path = '/v1/sales';
    const told = await node.record({ warehouse, path, body, key: `sale ${warehouse} ${sku} ${sold}`, changes: [] });
    expect(told.reply).toBe('recorded');
  }
}

async function order(id: string, lines: Readonly<Record<string, number>>) {
  await place(id, lines);
  expect((await shop.pay(id, 'authorised')).reply).toBe('made');
  return shop.order(id);
}

async function place(id: string, lines: Readonly<Record<string, number>>): Promise<void> {
  const placed = await shop.place({ id, owner: id, lines: linesOf(lines), paymentTtlSeconds: 3_600 });
  expect(placed.reply, JSON.stringify(placed)).toBe('made');
}

async function reserve(id: string, lines: Readonly<Record<string, number>>): Promise<void> {
  await tryReserve(id, lines);
}

/** The id, when it was promised. */
async function tryReserve(id: string, lines: Readonly<Record<string, number>>): Promise<string | undefined> {
  const { reply } = await shop.reserve({ id, owner: id, lines: linesOf(lines), ttlSeconds: 3_600 });
  return reply === 'made' ? id : undefined;
}

function tasksAreThere(orders: readonly string[]) {
  return async () => {
    const tasks = (await Promise.all([...sites.values()].map((site) => site.openTasks()))).flat();
    return orders.every((id) => tasks.some(({ task }) => task.startsWith(`${id}.`)) || isShipped.has(id));
  };
}

const isShipped = new Set<string>();

async function shipOne(warehouse: string): Promise<void> {
  const site = must(sites.get(warehouse), warehouse);
  await until(async () => (await site.openTasks()).length > 0, WITHIN_MS, 'there is a task');
  const task = must((await site.openTasks())[0], 'a task').task;
  expect(await site.ship(task)).toMatchObject({ reply: 'done' });
  isShipped.add(task.slice(0, task.lastIndexOf('.')));
}

async function shippedAll(): Promise<void> {
  const shipOpen = async () => {
    let left = 0;
    for (const site of sites.values()) {
      for (const { task } of await site.openTasks()) {
        left += 1;
        expect(await site.ship(task)).toMatchObject({ reply: 'done' });
      }
    }
    const directives = (await status()).directives.notCarriedOut;
    return left === 0 && Object.keys(directives).length === 0;
  };
  await until(shipOpen, WITHIN_MS, 'everything has been shipped');
}

async function everythingAgrees(orders: readonly string[]): Promise<void> {
  const api = new CentralApi(centralUrl);
  const agree = async () => (await disagreement(api, nodes)) === undefined;
  await until(agree, WITHIN_MS, 'nodes and central agree on every position');
  expect(await shop.oversold()).toBe(0);
  for (const id of orders) expect((await shop.order(id)).state, id).toBe('done');
  for (const { granted, returned, allocatedSent, held, unspent } of await shop.shares('A')) {
    expect(unspent).toBe(granted - returned - allocatedSent - held);
    expect(unspent).toBeGreaterThanOrEqual(0);
  }
}

async function available(sku: string): Promise<number> {
  return (await new CentralApi(centralUrl).availability(sku)).available;
}

type Status = {
  readonly centralEpoch: number;
  readonly epochBegan?: { readonly reason: string };
  readonly warehouses: { readonly notCounted: readonly string[] };
  readonly directives: { readonly notCarriedOut: Readonly<Record<string, number>> };
};

async function status(): Promise<Status> {
  return (await requestJson(`${centralUrl}/v1/status`, { timeoutMs: 5_000 })).body as Status;
}

async function notCounted(): Promise<readonly string[]> {
  return (await status()).warehouses.notCounted;
}

async function unknownTasks(): Promise<readonly { readonly warehouse: string; readonly task: string }[]> {
  const answer = await requestJson(`${centralUrl}/v1/unknown-tasks`, { timeoutMs: 5_000 });
  return (answer.body as { tasks: { warehouse: string; task: string }[] }).tasks;
}

function post(path: string) {
  return requestJson(`${centralUrl}${path}`, { body: {}, timeoutMs: 5_000 });
}

function linesOf(stock: Readonly<Record<string, number>>) {
  return Object.entries(stock).map(([sku, quantity]) => ({ sku, quantity }));
}
