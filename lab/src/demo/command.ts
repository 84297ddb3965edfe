import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { stopSignal } from '@edgestock/shared/runtime/stop-signal';
import { defineCommand } from 'citty';
import { answer, remark } from '../command/answers.ts';
import { wholeNumberOf } from '../command/flags.ts';
import { numberedWarehouses } from '../replay/destination.ts';
import { type ShopFlags, shopArgs, shopOf } from '../replay/shop-flags.ts';
import { resultMembers } from './once/result-members.ts';
import { mustBeZero, orderMembers } from './orders/order-members.ts';

const SPREAD_DEFAULT = 4;
/** Live nodes: named, so that the URLs read well. */
const LIVE_WAREHOUSES = ['BER1', 'HAM1', 'MUC1', 'CGN1', 'LEJ1'];
const WAREHOUSES_MAX = 1_000;

export const command = defineCommand({
  meta: {
    name: 'demo',
    description: `Start everything with believable traffic; or replay a real file and prove the result.

The result of --once; its exit code is 1 when anything was lost or any position differs:
${membersHelp(resultMembers)}

With --orders; its exit code is 1 when one of those that must be 0 is not:
${membersHelp(orderMembers)}`,
  },
  args: {
    once: {
      type: 'boolean',
      description: 'Replay --transactions, wait until central has everything, compare every position, end',
    },
    transactions: { type: 'string', valueHint: 'FILE.csv[.gz]', description: 'With --once: the point-of-sale file' },
    ...shopArgs,
    warehouses: {
      type: 'string',
      valueHint: 'N',
      description: 'With --once: spread the receipts over N nodes instead of one node per store',
    },
    stock: {
      type: 'string',
      valueHint: 'FILE.csv[.gz]',
      description: 'With --once: opening stock (store, sku, quantity); default what the file sells',
    },
    'stock-columns': { type: 'string', valueHint: 'field=column,...', description: 'Columns of --stock' },
    orders: {
      type: 'string',
      valueHint: 'FILE.csv[.gz]',
      description:
        "With --once: a web shop's invoices, replayed as orders beside the receipts of --transactions, on the same scarce SKUs",
    },
    'order-columns': {
      type: 'string',
      valueHint: 'field=column,...',
      description: 'Columns of --orders, as --columns; customer finds the order that a cancellation takes back',
    },
    'stock-share': {
      type: 'string',
      default: '60',
      valueHint: 'percent',
      description: 'With --orders: how much there is of what tills and web shop want together',
    },
    cut: {
      type: 'string',
      default: '10',
      valueHint: 'percent',
      description: 'With --once: links that are cut on the way',
    },
    rate: { type: 'string', default: '50', valueHint: 'sales/s', description: 'Live: sales per second over all nodes' },
    'data-dir': {
      type: 'string',
      valueHint: 'DIR',
      description: 'Keep the data here; default a temporary folder that goes away',
    },
    store: {
      type: 'string',
      default: 'sqlite',
      valueHint: 'URL',
      description: "Central's: a file in the data directory, or the URL of an empty PostgreSQL database, which stays",
    },
    json: { type: 'boolean', description: 'With --once: the result as one JSON object, the only line on stdout' },
  },
  async run({ args }) {
    const signal = stopSignal();
    const isOnce = args.once === true;
    const { directory, remove } = await dataDirectoryOf(args['data-dir'], isOnce);
    try {
      await (isOnce ? once(args, directory, signal) : live(args, directory, signal));
    } finally {
      await remove();
    }
  },
});

function membersHelp(meanings: Readonly<Record<string, string>>): string {
  const members = Object.entries(meanings);
  const nameChars = Math.max(...members.map(([name]) => name.length));
  return members.map(([name, meaning]) => `  ${name.padEnd(nameChars)}  ${meaning}`).join('\n');
}

type OnceFlags = ShopFlags & {
  readonly store: string;
  readonly transactions?: string | undefined;
  readonly warehouses?: string | undefined;
  readonly stock?: string | undefined;
  readonly 'stock-columns'?: string | undefined;
  readonly orders?: string | undefined;
  readonly 'order-columns'?: string | undefined;
  readonly 'stock-share': string;
  readonly cut: string;
  readonly json?: boolean | undefined;
};

async function once(args: OnceFlags, dataDirectory: string, signal: AbortSignal): Promise<void> {
  const { transactions, stock, warehouses, cut } = args;
  if (!transactions) throw new WrongCall('--once needs --transactions', 'Name a CSV file, plain or .gz.');
  if (args.orders) return onceWithOrders(args, { transactions, orders: args.orders }, dataDirectory, signal);
  const isSpread = warehouses !== undefined;
  const count = wholeNumberOf('warehouses', warehouses ?? String(SPREAD_DEFAULT), { min: 1, max: WAREHOUSES_MAX });
  const { demoOnce } = await import('./once/once.ts');
  const result = await demoOnce({
    dataDirectory,
    store: args.store,
    transactions,
    shop: shopOf(args, { spreadOver: numberedWarehouses(count), isSpread }),
    isSpread,
    ...(stock ? { stock: { path: stock, columns: args['stock-columns'] } } : {}),
    cutShare: wholeNumberOf('cut', cut, { min: 0, max: 100 }) / 100,
    signal,
  });
  answer(JSON.stringify(result, undefined, args.json ? undefined : 2));
  const { skuCaseVariants, lost, mismatchedPositions } = result;
  if (skuCaseVariants > 0)
    remark(`${skuCaseVariants} groups of SKUs differ only in case: they are different articles here`);
  if (lost > 0 || mismatchedPositions > 0) process.exitCode = 1;
}

/** Promises under a real load: exit code 1 when one of them could not have been kept. */
async function onceWithOrders(
  args: OnceFlags,
  files: { readonly transactions: string; readonly orders: string },
  dataDirectory: string,
  signal: AbortSignal,
): Promise<void> {
  if (args.stock)
    throw new WrongCall('--stock cannot be with --orders', '--stock-share says how scarce the goods are.');
  const count = wholeNumberOf('warehouses', args.warehouses ?? String(SPREAD_DEFAULT), { min: 1, max: WAREHOUSES_MAX });
  const warehouses = numberedWarehouses(count);
  const spread = { spreadOver: warehouses, isSpread: true };
  const { demoOrders } = await import('./orders/orders-run.ts');
  const result = await demoOrders({
    dataDirectory,
    store: args.store,
    tills: { path: files.transactions, shop: shopOf(args, spread) },
    orders: { path: files.orders, shop: shopOf({ ...args, columns: args['order-columns'] }, spread) },
    warehouses,
    stockShare: wholeNumberOf('stock-share', args['stock-share'], { min: 0, max: 100 }) / 100,
    cutShare: wholeNumberOf('cut', args.cut, { min: 0, max: 100 }) / 100,
    signal,
  });
  answer(JSON.stringify(result, undefined, args.json ? undefined : 2));
  if (mustBeZero.some((name) => result[name] > 0)) process.exitCode = 1;
}

async function live(
  args: { readonly transactions?: string | undefined; readonly rate: string; readonly store: string },
  dataDirectory: string,
  signal: AbortSignal,
): Promise<void> {
  if (args.transactions) throw new WrongCall('--transactions is for --once', 'Add --once to replay a file.');
  const salesPerSecond = wholeNumberOf('rate', args.rate, { min: 1, max: 10_000 });
  const { demoLive } = await import('./live/live.ts');
  const { store } = args;
  await demoLive({ dataDirectory, store, warehouses: LIVE_WAREHOUSES, salesPerSecond, signal, output: process.stdout });
}

/** A replay that is to be proved needs books without a past. */
async function dataDirectoryOf(named: string | undefined, mustBeEmpty: boolean) {
  if (named === undefined) {
    const directory = await mkdtemp(join(tmpdir(), 'edgestock-demo-'));
    return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
  }
  const entries = await readdir(named).catch(() => []);
  if (mustBeEmpty && entries.length > 0) {
    throw new WrongCall(
      `${named} is not empty`,
      'demo --once proves a run from its beginning: name a new folder for --data-dir.',
    );
  }
  return { directory: named, remove: async () => undefined };
}
