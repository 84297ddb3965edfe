import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCommand } from 'citty';
import { answer, remark } from '../command/answers.ts';
import { wholeNumberOf } from '../command/flags.ts';
import { stopSignal } from '../command/stop-signal.ts';
import { UsageError } from '../command/usage-error.ts';
import { numberedWarehouses } from '../replay/destination.ts';
import { shopArgs, shopOf } from '../replay/shop-flags.ts';
import { demoOnce } from './once/once.ts';

const SPREAD_DEFAULT = 4;
const WAREHOUSES_MAX = 1_000;

export const command = defineCommand({
  meta: {
    name: 'demo',
    description: 'Start everything with believable traffic; or replay a real file and prove the result',
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
    cut: {
      type: 'string',
      default: '10',
      valueHint: 'percent',
      description: 'With --once: links that are cut on the way',
    },
    'data-dir': { type: 'string', description: 'Keep the data here; default a temporary folder that goes away' },
    json: { type: 'boolean', description: 'With --once: the result as one JSON object, the only line on stdout' },
  },
  async run({ args }) {
    const signal = stopSignal();
    const { directory, remove } = await dataDirectoryOf(args['data-dir'], args.once === true);
    try {
      if (args.transactions === undefined)
        throw new UsageError('--once needs --transactions', 'Name a CSV file, plain or .gz.');
      const isSpread = args.warehouses !== undefined;
      const count = wholeNumberOf('warehouses', args.warehouses ?? String(SPREAD_DEFAULT), {
        min: 1,
        max: WAREHOUSES_MAX,
      });
      const result = await demoOnce({
        dataDirectory: directory,
        transactions: args.transactions,
        shop: shopOf(args, { spreadOver: numberedWarehouses(count), isSpread }),
        isSpread,
        ...(args.stock ? { stock: { path: args.stock, columns: args['stock-columns'] } } : {}),
        cutShare: wholeNumberOf('cut', args.cut, { min: 0, max: 100 }) / 100,
        signal,
      });
      answer(args.json ? JSON.stringify(result) : JSON.stringify(result, undefined, 2));
      if (result.skuCaseVariants > 0)
        remark(`${result.skuCaseVariants} groups of SKUs differ only in case: they are different articles here`);
      if (result.lost > 0 || result.mismatchedPositions > 0) process.exitCode = 1;
    } finally {
      await remove();
    }
  },
});

/** A replay that is to be proved needs books without a past. */
async function dataDirectoryOf(named: string | undefined, mustBeEmpty: boolean) {
  if (named === undefined) {
    const directory = await mkdtemp(join(tmpdir(), 'edgestock-demo-'));
    return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
  }
  const entries = await readdir(named).catch(() => []);
  if (mustBeEmpty && entries.length > 0) {
    throw new UsageError(
      `${named} is not empty`,
      'demo --once proves a run from its beginning: name a new folder for --data-dir.',
    );
  }
  return { directory: named, remove: async () => undefined };
}
