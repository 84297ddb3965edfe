import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shopOf } from '../../replay/shop-flags.ts';
import { collect } from '../../testing/collect.ts';
import { openingRequests, stockFromFile } from './opening-stock.ts';
import { surveyOf } from './survey.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-preparation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, ...lines: readonly string[]): Promise<string> {
  await writeFile(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, name);
}
const shop = shopOf(
  { 'cancellation-prefix': 'C', 'accounting-prefix': 'A', encoding: 'utf8' },
  { spreadOver: ['W1'], isSpread: false },
);
const plain = (stock: ReadonlyMap<string, ReadonlyMap<string, number>>) =>
  Object.fromEntries([...stock].map(([warehouse, units]) => [warehouse, Object.fromEntries(units)]));

describe('the survey of a file', () => {
  test('finds the warehouses, the receipts, and what has to be on the shelves', async () => {
    const path = await file(
      'survey.csv',
      'store,sku,quantity,receipt',
      'S2,tea,3,1',
      'S2,tea,2,2',
      'S1,mug,1,3',
      'S2,tea,-2,C4',
      'S2,mug,-6,5',
      'S3,POST,1,6',
    );
    const survey = await surveyOf(path, shop);
    expect(survey.receipts).toBe(5);
    expect(survey.warehouses).toEqual(['S1', 'S2']);
    // The return is not set off: it may come before or after what it takes back.
    expect(plain(survey.leaving)).toEqual({ S1: { mug: 1 }, S2: { tea: 5, mug: 6 } });
  });
});

describe('opening stock', () => {
  test('is received in requests that a node takes, each under a key of its own', async () => {
    const units = new Map(Array.from({ length: 1_500 }, (_, index) => [`s${index}`, index + 1]));
    const requests = await collect(openingRequests(new Map([['W1', units]])));
    expect(requests.map(({ key, changes }) => [key, changes.length])).toEqual([
      ['opening-stock 1', 1_000],
      ['opening-stock 2', 500],
    ]);
    expect(requests.flatMap(({ changes }) => changes).reduce((sum, { units: count }) => sum + count, 0)).toBe(
      1_125_750,
    );
  });

  test('beyond what a line may say takes several lines', async () => {
    const [request] = await collect(openingRequests(new Map([['W1', new Map([['bulk', 2_500_000_000_000]])]])));
    expect(request?.changes.map(({ units }) => units)).toEqual([1e12, 1e12, 5e11]);
  });

  test('of stores without a node stays out', async () => {
    const path = await file('stock.csv', 'store,sku,quantity', 'S1,tea,5', 'S9,tea,5', 'S1,mug,0');
    const stock = await stockFromFile(path, undefined, { warehouses: ['S1', 'S2'], isSpread: false, encoding: 'utf8' });
    expect(plain(stock)).toEqual({ S1: { tea: 5 }, S2: {} });
  });

  test('without stores is shared to the last unit', async () => {
    const path = await file('shared.csv', 'sku,quantity', 'tea,8');
    const stock = await stockFromFile(path, undefined, {
      warehouses: ['W1', 'W2', 'W3'],
      isSpread: true,
      encoding: 'utf8',
    });
    expect(plain(stock)).toEqual({ W1: { tea: 3 }, W2: { tea: 3 }, W3: { tea: 2 } });
  });

  test.each(['tea,x', 'tea,-1', 'tea,', ',5'])('with the line "%s" is refused with its number', async (line) => {
    const path = await file('broken.csv', 'sku,quantity', 'mug,1', line);
    const reading = stockFromFile(path, undefined, { warehouses: ['W1'], isSpread: true, encoding: 'utf8' });
    await expect(reading).rejects.toThrow('line 3');
  });
});
