import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CentralApi } from '../api/central-api.ts';
import { EdgeApi } from '../api/edge-api.ts';
import { requestJson } from '../api/json-request.ts';
import { ShopApi } from '../api/shop-api.ts';
import { SiteApi } from '../api/site-api.ts';
import type { Attempt } from '../testing/call-history.ts';
import type { CentralStores } from '../testing/central-stores.ts';
import { CutOffSystem } from '../testing/cut-off-system.ts';
import { DeafDoor } from '../testing/deaf-door.ts';
import { Hammer } from '../testing/hammer.ts';
import { until } from '../testing/running-command.ts';

/**
 * A storefront and counters want the same units, with the link up, cut, and with processes dying in between: as many promises as
 * there are units, and everybody else a clean no (P3). Counters keep what a customer asks for before they sell it.
 */
const STOREFRONTS = 200;
const COUNTERS = 60;
/** A killed node is back within a second, on a crowded machine within half a minute. */
const PATIENCE_MS = 90_000;
/** A node looks for its broker every 1 to 10 s. */
const WITHIN_MS = 30_000;
/** Two processes start again in it, which a crowded machine takes its time for. */
const KILLS_WITHIN_MS = 240_000;
/** Calls that must be under way to a process when it is killed. */
const CAUGHT_MIN = 8;

let folder: string;
let system: CutOffSystem;
let shop: ShopApi;
let sites: ReadonlyMap<string, SiteApi>;
let central: CentralApi;

/** With central on whichever store. */
export function describePromises(stores: CentralStores): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgestock-promises-'));
    system = await CutOffSystem.start(folder, await stores.fresh());
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
      expect(hammer.refused.length).toBeGreaterThanOrEqual(STOREFRONTS + COUNTERS - 50);
      await everythingHolds(50, hammer);
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
      await everythingHolds(50, hammer);
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

    test(
      'is promised no more often when central and the node are killed in the middle of it',
      async () => {
        // So many that a process still has some to give when it is killed.
        const promises = 200;
        const lines = [
          { sku: 'KILL', quantity: 1 },
          { sku: 'KILL-2', quantity: 2 },
        ];
        for (const { sku, quantity } of lines)
          await received('BER1', sku, promises * quantity, (promises / 2) * quantity);
        const centralDoor = await DeafDoor.before(system.centralUrl);
        const siteDoor = await DeafDoor.before(must(system.urls.get('BER1'), 'BER1 runs'));
        const hammer = new Hammer({
          ...{ lines, patienceMs: PATIENCE_MS },
          ...{ centralUrl: centralDoor.url, siteUrl: siteDoor.url },
        });
        // Some have been answered before anything is killed: theirs must be there in the end.
        const [kept] = await Promise.all([hammer.keep(10), hammer.storefronts(10)]);
        expect([kept.length, hammer.reserved.length]).toEqual([10, 10]);

        const catching = { history: hammer.history, callsMin: CAUGHT_MIN, withinMs: WITHIN_MS };
        const atCentral = await centralDoor.killUnheard({
          ...catching,
          some: () => hammer.storefronts(CAUGHT_MIN),
          isUnheard: async () => (await heldOf('KILL')) > hammer.reserved.length,
          others: () => Promise.all([hammer.storefronts(STOREFRONTS), hammer.counters(CAUGHT_MIN)]),
          kill: () => system.killCentral(),
        });
        const atNode = await siteDoor.killUnheard({
          ...catching,
          some: () => hammer.sell(kept),
          isUnheard: async () => promises - (await positionOf('BER1', 'KILL')).onHand > hammer.sold.length,
          others: () => hammer.counters(COUNTERS),
          kill: () => system.killNode(),
        });
        await system.startNode();
        await Promise.all([atCentral.answered, atNode.answered]);
        await hammer.mopUp();
        expect(hammer.unclean).toEqual([]);
        expect(hammer.promised).toBe(promises);
        expect(hammer.kept).toHaveLength(hammer.sold.length);
        for (const { caught } of [atCentral, atNode]) expectEachAnsweredOnce(hammer, caught);
        await everythingHolds(promises, hammer);
        await wholeOrNotAtAll(hammer);
        for (const door of [centralDoor, siteDoor]) await door.stop();
      },
      KILLS_WITHIN_MS,
    );
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
}

function hammerOn(sku: string): Hammer {
  const siteUrl = must(system.urls.get('BER1'), 'BER1 runs');
  const lines = [{ sku, quantity: 1 }];
  return new Hammer({ lines, centralUrl: system.centralUrl, siteUrl, patienceMs: PATIENCE_MS });
}

/**
 * Of the calls that were under way when a process was killed: some broke without an answer, each of these was tried again in
 * the same words until it had one answer, and to some that was the news that it had been done by the one that was killed (P9).
 */
function expectEachAnsweredOnce({ history }: Hammer, caught: readonly Attempt[]): void {
  expect(history.unfinished()).toEqual([]);
  expect(caught.length).toBeGreaterThanOrEqual(CAUGHT_MIN);
  const broken = caught.filter((attempt) => history.now(attempt).ending === 'unknown');
  expect(broken.length).toBeGreaterThanOrEqual(1);
  const last = broken.map((attempt) => history.triesAt(attempt).at(-1));
  for (const [index, attempt] of broken.entries()) expect(last[index]?.number).toBeGreaterThan(attempt.number);
  const done = last.filter((attempt) => attempt?.ending === 'ok' && attempt.isReplayed);
  expect(done.length, 'the killed one had done some of it').toBeGreaterThanOrEqual(1);
}

/** At central and in the node's log: what was asked for is there with all its lines, once, or nothing of it is. */
async function wholeOrNotAtAll(hammer: Hammer): Promise<void> {
  const counted = (sign: 1 | -1) => hammer.lines.map(({ sku, quantity }) => `${sku} ${sign * quantity}`);
  for (const id of hammer.reserved) {
    const { lines } = await shop.reservation(id);
    expect(lines.map(({ sku, held }) => `${sku} ${held}`).sort(), id).toEqual(counted(1));
  }
  const log = new Map<string, string[]>();
  for await (const { kind, sku, quantity, document } of must(sites.get('BER1'), 'BER1 runs').log()) {
    const said = `${kind} ${document}`;
    log.set(said, [...(log.get(said) ?? []), `${sku} ${quantity}`]);
  }
  for (const id of hammer.sold) {
    for (const kind of ['reserve', 'release']) expect(log.get(`${kind} ${id}`)?.sort(), id).toEqual(counted(1));
    expect(log.get(`sale counter/${id}`)?.sort(), id).toEqual(counted(-1));
  }
  for (const id of hammer.refused) {
    expect([...log.keys()].filter((said) => said.endsWith(` ${id}`))).toEqual([]);
    expect((await requestJson(`${system.centralUrl}/v1/reservations/${id}`)).status, id).toBe(404);
  }
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

/** Every call has one answer, every acknowledged promise is there, and each unit is in one place. */
async function everythingHolds(promises: number, hammer: Hammer): Promise<void> {
  expect(hammer.history.unfinished()).toEqual([]);
  for (const id of hammer.reserved) expect((await shop.reservation(id)).state).toBe('held');
  for (const { sku, quantity } of hammer.lines) {
    expect(await heldOf(sku)).toBe(hammer.reserved.length * quantity);
    const left = (promises - hammer.sold.length) * quantity;
    const isThere = async () => (await onHandAtCentral(sku)) === left;
    await until(isThere, WITHIN_MS, `central knows that ${left} of ${promises * quantity} ${sku} are left`);
    for (const { granted, returned, allocatedSent, held, unspent } of await shop.shares(sku)) {
      expect(unspent).toBe(granted - returned - allocatedSent - held);
      expect(unspent).toBeGreaterThanOrEqual(0);
    }
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
    return tasks.length > 0 || (await positionOf(warehouse, 'UP')).quota > 0;
  };
  await until(async () => !(await isWorkLeft()), WITHIN_MS, `${warehouse} has shipped everything`);
}

async function positionOf(
  warehouse: string,
  sku: string,
): Promise<{ readonly onHand: number; readonly quota: number }> {
  const node = new EdgeApi(must(system.urls.get(warehouse), warehouse), { patienceMs: PATIENCE_MS });
  return (await node.positions()).get(sku) ?? { onHand: 0, quota: 0 };
}
