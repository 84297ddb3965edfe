import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustBeZero } from '../demo/orders/order-members.ts';
import { centralStores } from '../testing/central-stores.ts';
import { runCommand } from '../testing/running-command.ts';

const INVOICES = 60;
const RECEIPTS = 120;
const ARTICLES = 6;

const stores = centralStores();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-orders-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Every tenth invoice is taken back at once, and one writes goods off. */
function invoices(): string {
  const lines = Array.from({ length: INVOICES }, (_, index) => {
    const customer = `c${index % 9}`;
    const first = index % ARTICLES;
    const bought = `${index},art-${first},${1 + (index % 4)},2.50,${customer}\n${index},art-${(first + 1) % ARTICLES},1,2.50,${customer}\n`;
    return index % 10 === 7 ? `${bought}C${index},art-${first},-1,2.50,${customer}\n` : bought;
  });
  return `invoice,article,pieces,price,customer_no\n${lines.join('')}W1,art-0,-2,0,\n`;
}

function receipts(): string {
  const lines = Array.from(
    { length: RECEIPTS },
    (_, index) => `S${index % 3},r${index},p-${index % 11},${1 + (index % 2)}\n`,
  );
  return `store,basket,product,pieces\n${lines.join('')}`;
}

test('orders beside tills on the same scarce goods, links cut: every promise covered, every unit accounted for', async () => {
  await writeFile(join(folder, 'invoices.csv'), invoices());
  await writeFile(join(folder, 'receipts.csv'), receipts());
  const { code, stdout, stderr } = await runCommand(
    ...['demo', '--once', '--json', '--warehouses', '3', '--cut', '50', '--stock-share', '60'],
    ...['--store', await stores.fresh(), '--transactions', join(folder, 'receipts.csv')],
    ...['--columns', 'store=store,sku=product,quantity=pieces,receipt=basket'],
    ...['--orders', join(folder, 'invoices.csv')],
    ...['--order-columns', 'sku=article,quantity=pieces,receipt=invoice,price=price,customer=customer_no'],
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect(lines, stderr).toHaveLength(1);
  const result = JSON.parse(lines[0] ?? '{}') as Readonly<Record<string, number>>;
  expect(Object.fromEntries(mustBeZero.map((name) => [name, result[name]]))).toEqual(
    Object.fromEntries(mustBeZero.map((name) => [name, 0])),
  );
  expect(result).toMatchObject({
    visits: INVOICES,
    tillReceipts: RECEIPTS,
    skus: ARTICLES,
    warehouses: 3,
    linksCut: 2,
  });
  // Scarce, so that not everybody can have had everything; and something did leave by both doors.
  expect(result.refusedCarts).toBeGreaterThan(0);
  expect(Math.min(result.soldUnits ?? 0, result.shippedUnits ?? 0, result.ordersDone ?? 0)).toBeGreaterThan(0);
  expect(result.cancelRequests).toBeGreaterThan(0);
  expect(code).toBe(0);
});

test('a web shop without tills beside it is told what is missing', async () => {
  const { code, stderr } = await runCommand('demo', '--once', '--orders', join(folder, 'none.csv'));
  expect(code).toBe(2);
  expect(stderr).toContain('--transactions');
});
