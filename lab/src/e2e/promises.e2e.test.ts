import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { ShopApi } from '../api/shop-api.ts';
import { SiteApi } from '../api/site-api.ts';
import { CutOffSystem } from '../testing/cut-off-system.ts';
import { Hammer } from '../testing/hammer.ts';
import { until } from '../testing/running-command.ts';

/**
 * A storefront and counters want the same units, with the link up, cut, and with processes dying in between: as many promises as
 * there are units, and everybody else a clean no (P3). Counters keep what a customer asks for before they sell it.
 */
const STOREFRONTS = 200;
const COUNTERS = 60;
const PATIENCE_MS = 40_000;
/** A node looks for its broker every 1 to 10 s. */
const WITHIN_MS = 30_000;
/** So that what is killed is killed in the middle. */
const LOOK_MS = 1;

let folder: string;
let system: CutOffSystem;
let shop: ShopApi;
let sites: ReadonlyMap<string, SiteApi>;
let central: CentralApi;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-promises-'));
  system = await CutOffSystem.start(folder);
  shop = new ShopApi(system.centralUrl, { patienceMs: PATIENCE_MS });
  central = new CentralApi(system.centralUrl);
  sites = new Map(
    [...system.urls].map(([warehouse, url]) => [warehouse, new SiteApi(url, { patienceMs: PATIENCE_MS })]),
  );
});

afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('one scarce SKU', () => {
  test('that a storefront and counters want at the same moment is promised once each, to its last unit', async () => {
    await received('BER1', 'UP', 50, 25);
    const hammer = hammerOn('UP');
    await Promise.all([hammer.storefronts(STOREFRONTS), hammer.counters(COUNTERS)]);
    await hammer.mopUp();
    expect(hammer.unclean).toEqual([]);
    expect(hammer.promised).toBe(50);
    expect(hammer.refused).toBeGreaterThanOrEqual(STOREFRONTS + COUNTERS - 50);
    await everythingHolds('UP', 50, hammer);
    // Kept, too: each is allocated, picked and shipped, and then there is nothing left.
    await Promise.all(hammer.reserved.map(async (id) => expect((await shop.confirm(id)).reply).toBe('made')));
    await shippedAll('BER1');
    await until(async () => (await onHandAtCentral('UP')) === 0, WITHIN_MS, 'every unit of UP has gone');
    for (const id of hammer.reserved) expect((await shop.order(id)).state).toBe('done');
  });

  test('is shared by quota while the link is cut: each side promises its own part, and no unit of the other', async () => {
    await received('BER1', 'CUT', 50, 25);
    system.link.cut();
    const hammer = hammerOn('CUT');
    await Promise.all([hammer.storefronts(STOREFRONTS), hammer.counters(COUNTERS)]);
    expect(hammer.unclean).toEqual([]);
    expect([hammer.reserved.length, hammer.sold.length]).toEqual([25, 25]);
    system.link.heal();
    await everythingHolds('CUT', 50, hammer);
  });

  test('asked for on two lines and twice over is promised in whole orders, one for each id', async () => {
    await received('BER1', 'TWICE', 22, 11);
    const ids = Array.from({ length: 60 }, (_, index) => `TWICE-${index}`);
    const lines = [
      { sku: 'TWICE', quantity: 1 },
      { sku: 'TWICE', quantity: 1 },
    ];
    const replies = await Promise.all([...ids, ...ids].map((id) => shop.place({ id, owner: id, lines })));
    const codes = new Set(replies.flatMap((reply) => (reply.reply === 'refused' ? [reply.code] : [])));
    expect([...codes]).toEqual(['insufficient']);
    const made = new Set(replies.flatMap((reply) => (reply.reply === 'made' ? [reply.made.id] : [])));
    expect(made.size).toBe(5);
    expect(await heldOf('TWICE')).toBe(10);
  });

  test('that no warehouse has whole is promised from two of them, once', async () => {
    await received('BER1', 'SPLIT', 6, 3);
    await received('HAM1', 'SPLIT', 6, 6);
    const ids = Array.from({ length: 60 }, (_, index) => `SPLIT-${index}`);
    const lines = [{ sku: 'SPLIT', quantity: 4 }];
    const replies = await Promise.all(ids.map((id) => shop.place({ id, owner: id, lines })));
    const made = replies.flatMap((reply) => (reply.reply === 'made' ? [reply.made] : []));
    expect(made).toHaveLength(1);
    expect(made[0]?.lines[0]?.holds).toHaveLength(2);
    expect(await heldOf('SPLIT')).toBe(4);
  });

  test('is promised no more often when central and the node are killed in the middle of it', async () => {
    await received('BER1', 'KILL', 60, 30);
    const hammer = hammerOn('KILL');
    const asking = Promise.all([hammer.storefronts(STOREFRONTS), hammer.counters(COUNTERS)]);
    // Somebody has a promise already, others wait for their answer.
    await until(() => hammer.reserved.length > 0, WITHIN_MS, 'central has promised something', LOOK_MS);
    system.killCentral();
    await until(() => hammer.sold.length > 0, WITHIN_MS, 'a counter has sold something', LOOK_MS);
    await system.killNode();
    await asking;
    await hammer.mopUp();
    expect(hammer.unclean).toEqual([]);
    expect(hammer.promised).toBe(60);
    await everythingHolds('KILL', 60, hammer);
  });
});

test('at no place of any log was more promised than there was, and central says the same', async () => {
  for (const site of sites.values()) {
    for await (const { sequence, sku, position } of site.log()) {
      const { onHand, reserved, committed, quota } = position;
      const isCovered = reserved + committed + quota <= onHand && Math.min(reserved, committed, quota) >= 0;
      expect(isCovered, `${sku} at ${sequence}: ${JSON.stringify(position)}`).toBe(true);
    }
  }
  expect(await shop.oversold()).toBe(0);
});

function hammerOn(sku: string): Hammer {
  return new Hammer({ sku, shop, site: must(sites.get('BER1'), 'BER1 runs') });
}

/** Goods arrive, and central may promise so many of them. */
async function received(warehouse: string, sku: string, quantity: number, available: number): Promise<void> {
  const node = new EdgeApi(must(system.urls.get(warehouse), warehouse), { patienceMs: PATIENCE_MS });
  const body = { kind: 'receive', lines: [{ sku, quantity }] };
  expect((await node.record({ warehouse, path: '/v1/movements', body, key: `${sku} in`, changes: [] })).reply).toBe(
    'recorded',
  );
  const isGranted = async () => (await central.availability(sku)).available === available;
  await until(isGranted, WITHIN_MS, `central may promise ${available} of ${sku}`);
}

/** Every acknowledged promise is there, and each unit is in one place. */
async function everythingHolds(sku: string, units: number, hammer: Hammer): Promise<void> {
  for (const id of hammer.reserved) expect((await shop.reservation(id)).state).toBe('held');
  expect(await heldOf(sku)).toBe(hammer.reserved.length);
  const isThere = async () => (await onHandAtCentral(sku)) === units - hammer.sold.length;
  await until(isThere, WITHIN_MS, `central knows that ${hammer.sold.length} of ${units} ${sku} were sold`);
  for (const { granted, returned, allocatedSent, held, unspent } of await shop.shares(sku)) {
    expect(unspent).toBe(granted - returned - allocatedSent - held);
    expect(unspent).toBeGreaterThanOrEqual(0);
  }
  expect(await shop.oversold()).toBe(0);
}

async function heldOf(sku: string): Promise<number> {
  return (await shop.shares(sku)).reduce((sum, { held }) => sum + held, 0);
}

async function onHandAtCentral(sku: string): Promise<number> {
  return (await central.availability(sku)).warehouses.reduce((sum, { onHand }) => sum + onHand, 0);
}

async function shippedAll(warehouse: string): Promise<void> {
  const site = must(sites.get(warehouse), warehouse);
  const isWorkLeft = async () => {
    const tasks = await site.openTasks();
    for (const { task } of tasks) expect(await site.ship(task)).toMatchObject({ reply: 'done' });
    return tasks.length > 0 || (await quotaOf(warehouse, 'UP')) > 0;
  };
  await until(async () => !(await isWorkLeft()), WITHIN_MS, `${warehouse} has shipped everything`);
}

async function quotaOf(warehouse: string, sku: string): Promise<number> {
  const node = new EdgeApi(must(system.urls.get(warehouse), warehouse), { patienceMs: PATIENCE_MS });
  return (await node.positions()).get(sku)?.quota ?? 0;
}
