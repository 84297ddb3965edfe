import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LoggedMovement } from '../../api/site-api.ts';
import { noLines } from '../../replay/interpretation.ts';
import { shopOf } from '../../replay/shop-flags.ts';
import { asyncOf, collect } from '../../testing/collect.ts';
import { Flows } from './flows.ts';
import { proofOf } from './log-proof.ts';
import { sharedStockOf } from './shared-stock.ts';
import { shopEvents } from './shop-events.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-orders-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, ...lines: readonly string[]): Promise<string> {
  await writeFile(join(folder, name), `${lines.join('\n')}\n`);
  return join(folder, name);
}
const shop = shopOf(
  { 'cancellation-prefix': 'C', 'accounting-prefix': 'A', encoding: 'utf8' },
  { spreadOver: ['W1', 'W2'], isSpread: true },
);

describe('the invoices of a web shop', () => {
  test('are visits, things taken back and things written off, each by its customer', async () => {
    const path = await file(
      'invoices.csv',
      'sku,quantity,receipt,price,customer',
      'tea,2,1,1,anna',
      'mug,1,1,1,anna',
      'tea,3,1,1,anna',
      'tea,4,2,1,',
      'mug,-1,C3,1,anna',
      'mug,-5,4,0,',
      'POST,1,5,1,anna',
    );
    const events = await collect(shopEvents(path, shop, noLines()));
    expect(events).toMatchObject([
      {
        event: 'visit',
        customer: 'anna',
        visit: {
          id: 'inv-1',
          lines: [
            { sku: 'tea', quantity: 5 },
            { sku: 'mug', quantity: 1 },
          ],
        },
      },
      { event: 'visit', customer: '', visit: { id: 'inv-2' } },
      { event: 'takes-back', customer: 'anna', lines: [{ sku: 'mug', quantity: 1 }] },
      { event: 'written-off', lines: [{ sku: 'mug', quantity: 5 }] },
    ]);
    expect(await collect(shopEvents(path, shop, noLines()))).toEqual(events);
  });

  test('longer than an order may be are several orders', async () => {
    const lines = Array.from({ length: 450 }, (_, index) => `s${index},1,1,1,anna`);
    const path = await file('long.csv', 'sku,quantity,receipt,price,customer', ...lines);
    const events = await collect(shopEvents(path, shop, noLines()));
    expect(events.map((event) => (event.event === 'visit' ? [event.visit.id, event.visit.lines.length] : []))).toEqual([
      ['inv-1', 200],
      ['inv-1~2', 200],
      ['inv-1~3', 50],
    ]);
  });
});

test('tills and web shop want the same articles, and there is less than both want', async () => {
  const orders = await file('orders.csv', 'sku,quantity,receipt,price', 'tea,10,1,1', 'mug,5,2,1', 'mug,-1,C3,1');
  const tills = await file('tills.csv', 'sku,quantity,receipt', 'a,1,1', 'b,7,1', 'c,1,2');
  const stock = await sharedStockOf({
    tills: { path: tills, shop },
    orders: { path: orders, shop },
    warehouses: ['W1', 'W2'],
    share: 0.5,
  });
  // The best sellers stand for each other, and the third begins again.
  expect(['b', 'a', 'c'].map((sku) => stock.articleOf(sku))).toEqual(['tea', 'mug', 'tea']);
  expect(Object.fromEntries(stock.wanted)).toEqual({ tea: 18, mug: 6 });
  expect([...stock.opening].map(([warehouse, units]) => [warehouse, Object.fromEntries(units)])).toEqual([
    ['W1', { tea: 5, mug: 1 }],
    ['W2', { tea: 4, mug: 2 }],
  ]);
  expect([stock.tillReceipts, stock.invoices]).toEqual([2, 3]);
});

test('units add up or are named', () => {
  const flows = new Flows();
  flows.add('received', [{ sku: 'tea', quantity: 9 }]);
  flows.add('returned', [{ sku: 'tea', quantity: 1 }]);
  flows.add('sold', [{ sku: 'tea', quantity: 3 }]);
  flows.add('shipped', [{ sku: 'tea', quantity: 2 }]);
  flows.add('lost', [{ sku: 'tea', quantity: 1 }]);
  expect(flows.unbalanced(new Map([['tea', 4]]))).toEqual([]);
  expect(flows.unbalanced(new Map([['tea', 5]]))).toEqual(['tea']);
  expect(flows.unbalanced(new Map([['mug', 1]]))).toEqual(['mug', 'tea']);
});

describe('the quota of a log', () => {
  const step = (kind: string, quantity: number, quota: number): LoggedMovement => ({
    ...{ sequence: 1, kind, sku: 'tea', quantity },
    position: { onHand: 9, reserved: 0, committed: 0, quota, available: 0 },
  });
  const proof = async (...steps: readonly LoggedMovement[]) => (await proofOf(asyncOf(steps))).overpromised;

  test('is never less than what was promised of it', async () => {
    expect(await proof(step('grant', 5, 5), step('sale', -2, 5), step('allocate', 3, 2), step('reclaim', 2, 0))).toBe(
      0,
    );
    expect(await proof(step('grant', 5, 5), step('allocate', 3, 2), step('allocate', 3, -1))).toBe(1);
  });

  test('is what the book says', async () => {
    expect(await proof(step('grant', 5, 5), step('sale', -2, 4))).toBe(1);
  });
});
