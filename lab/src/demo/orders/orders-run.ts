import { systemClock } from '@edgestock/shared/runtime/clock';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { remark } from '../../command/answers.ts';
import { sendRequests } from '../../replay/send-requests.ts';
import { anyPorts, startSystem, warehouseIdsOf } from '../../system/start-system.ts';
import { warehousesToCut } from '../once/link-cuts.ts';
import { Interrupted } from '../once/once.ts';
import { openingRequests } from '../once/opening-stock.ts';
import { oversoldNow } from '../shop/oversold.ts';
import { runPickers } from '../shop/pickers.ts';
import { proofOfRun, unfinishedOrders } from './run-proof.ts';
import { sharedStockOf } from './shared-stock.ts';
import { runShop } from './shop-replay.ts';
import { runTills } from './till-replay.ts';
import { type OrdersOptions, sumOf, World } from './world.ts';

const SETTLED_WITHIN_MS = 180_000;
const SETTLE_LOOK_MS = 250;
/** Longer than a node lets units rest that central has given back, before it grants them to whoever waits. */
const AT_REST_FOR_MS = 3_000;
const COUNT_PERIOD_MS = 500;
/** The SKUs that most want are watched all through; all of them are counted at the end. */
const WATCHED_SKUS = 20;
const LOST_SHARE = 0.01;
const SEED = 20_101_201;

export type OrdersResult = Awaited<ReturnType<typeof proofOfRun>>;

/** Replays a web shop's invoices as orders beside the receipts of tills, on shared and scarce stock, and proves the promises. */
export async function demoOrders(options: OrdersOptions): Promise<OrdersResult> {
  const { warehouses, tills, orders, stockShare } = options;
  const stock = await sharedStockOf({ tills, orders, warehouses, share: stockShare });
  remark(`${stock.invoices} invoices and ${stock.tillReceipts} receipts on ${stock.wanted.size} SKUs; starting`);
  const cuttable = new Set(warehousesToCut(warehouses, options.cutShare));
  const system = await startSystem({
    dataDirectory: options.dataDirectory,
    store: options.store,
    warehouses: warehouseIdsOf(warehouses),
    ports: anyPorts,
    logLevel: 'error',
    cuttable,
  });
  try {
    const world = new World(system, stock, options);
    await stockUp(world);
    return await proofOfRun(world, await sell(world));
  } finally {
    await system.stop();
  }
}

/** Opening stock, until central may promise of all that it has its share of. */
async function stockUp(world: World): Promise<void> {
  await sendRequests(
    openingRequests(world.stock.opening),
    (warehouse) => world.node(warehouse),
    (request, reply) => {
      if (reply.reply === 'refused') throw new Error(`opening stock of ${request.warehouse} refused: ${reply.detail}`);
      const lines = request.changes.map(({ sku, units }) => ({ sku, quantity: units }));
      world.flows.add('received', lines);
      for (const { sku, quantity } of lines) world.shelves.put(request.warehouse, sku, quantity);
    },
  );
  await untilSettled(world, 'the opening stock', async () => (await progressOf(world)).behind === 0);
  remark('opening stock is in; replaying');
}

/** Tills, web shop and pickers side by side; resolves when every order has ended or waits for goods. */
async function sell(world: World): Promise<{ readonly seconds: number; readonly oversoldMost: number }> {
  const startedMs = systemClock.monotonicMs();
  const measured = { seconds: 0, oversoldMost: 0 };
  const closing = new AbortController();
  const signal = AbortSignal.any([world.options.signal, closing.signal]);
  const beside = Promise.all([
    runPickers({
      ...{ sites: world.sites, shelves: world.shelves, clock: systemClock, random: seededRandom(SEED), signal },
      lostShare: LOST_SHARE,
      onShipped: (_, { lines, freed }) => {
        world.flows.add('shipped', lines.shipped);
        world.flows.add('lost', lines.lost);
        world.counts.freed += freed;
      },
    }),
    count(world, signal, (oversold) => {
      measured.oversoldMost = Math.max(measured.oversoldMost, oversold);
    }),
  ]);
  // Whatever fails there ends it, and is thrown when the files are through.
  beside.catch(() => closing.abort());
  try {
    await Promise.all([
      runTills(world).finally(() => world.pace.ended('tills')),
      runShop(world).finally(() => world.pace.ended('orders')),
    ]);
    world.cuts.healAll();
    measured.seconds = Math.round(systemClock.monotonicMs() - startedMs) / 1_000;
    remark('both files are through; waiting for parcels and payments');
    await untilSettled(world, 'every order', atRest(world));
  } finally {
    closing.abort();
    await beside;
  }
  return measured;
}

/** All through the run, on what most people want. */
async function count(world: World, signal: AbortSignal, onCount: (oversold: number) => void): Promise<void> {
  const most = [...world.stock.wanted].sort(([, a], [, b]) => b - a).slice(0, WATCHED_SKUS);
  const skus = most.map(([sku]) => sku);
  const witnesses = { account: world.account, sites: [...world.sites.values()], shop: world.shop };
  while (!signal.aborted) {
    onCount(await oversoldNow(skus, witnesses));
    await systemClock.sleep(COUNT_PERIOD_MS, signal);
  }
}

/** `behind`: movements of the nodes that central has not applied, grants among them. `sequences`: how far each node has come. */
async function progressOf(world: World): Promise<{ readonly behind: number; readonly sequences: string }> {
  const applied = await world.central.appliedByWarehouse();
  const statuses = await Promise.all([...world.nodes.values()].map((node) => node.status()));
  return {
    behind: sumOf(statuses.map(({ warehouse, sequence }) => sequence - (applied.get(warehouse) ?? 0))),
    sequences: statuses.map(({ sequence }) => sequence).join(),
  };
}

/**
 * True once every order has ended or waits for goods, and no node has gone on for so long: what one gives up, another order may
 * still be given.
 */
function atRest(world: World): () => Promise<boolean> {
  let restingSince = systemClock.monotonicMs();
  let known = '';
  return async () => {
    const { behind, sequences } = await progressOf(world);
    const isMoving = sequences !== known || behind > 0 || (await unfinishedOrders(world)).length > 0;
    if (isMoving) restingSince = systemClock.monotonicMs();
    known = sequences;
    return systemClock.monotonicMs() - restingSince >= AT_REST_FOR_MS;
  };
}

async function untilSettled(world: World, what: string, isSettled: () => Promise<boolean>): Promise<void> {
  const givesUpMs = systemClock.monotonicMs() + SETTLED_WITHIN_MS;
  while (!(await isSettled())) {
    if (world.options.signal.aborted) throw new Interrupted(`stopped while waiting for ${what}`);
    if (systemClock.monotonicMs() > givesUpMs) return remark(`not settled in time: ${what}`);
    await systemClock.sleep(SETTLE_LOOK_MS, world.options.signal);
  }
}
