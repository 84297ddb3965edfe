import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSampleData } from '@edgestock/shared/testing/sample-data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { centralStores } from '../testing/central-stores.ts';
import { runCommand } from '../testing/running-command.ts';

/** The odd lines and what the demo must make of them; two stores. */
const odd = `store,sku,quantity,receipt,price
S1,tea,2,1,1.00
S1,tea,2,1,1.00
S1,POST,1,1,5.00
S2,tea,0,2,1.00
S2,mug,1.5,3,1.00
S2,mug,3,4,1.00
S1,,1,5,1.00
S1,tea,1,6,1.00
S1,tea,-1,C7,1.00
S2,mug,-2,8,0
S1,TEA,1,1,1.00
S2,bulk,74215,9,1.00
`;

const stores = centralStores();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-once-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('demo --once', () => {
  test('understands every odd line and proves the end state', async () => {
    const path = join(folder, 'odd.csv');
    await writeFile(path, odd);
    const { code, result } = await once(path);
    expect(result).toMatchObject({
      lines: 12,
      accepted: 8,
      refused: 4,
      leftOut: 2,
      refusedByReason: { 'not-goods': 1, 'quantity-zero': 1, 'quantity-not-whole': 1, 'sku-missing': 1 },
      warehouses: 2,
      linksCut: 1,
      skus: 4,
      skuCaseVariants: 1,
      transactions: 7,
      lost: 0,
      mismatchedPositions: 0,
    });
    expect(code).toBe(0);
  });

  test('will not prove a run on books with a past', async () => {
    await writeFile(join(folder, 'small.csv'), odd);
    const { code, stderr } = await runCommand(
      'demo',
      '--once',
      '--transactions',
      join(folder, 'small.csv'),
      '--data-dir',
      folder,
    );
    expect(code).toBe(2);
    expect(stderr).toContain('is not empty');
  });

  const grocery = openSampleData('pos-grocery-us/transactions_w01_w40.csv.gz');
  test.skipIf(!grocery.isPresent)(`replays stores of a grocery chain${grocery.skipReason}`, async () => {
    const path = await slice('grocery.csv', grocery.text(), 600);
    const columns = 'store=store_id,sku=product_id,quantity=quantity,receipt=basket_id,at=transaction_timestamp';
    const { code, result } = await once(path, '--columns', columns);
    expect(result).toMatchObject({ lines: 600, lost: 0, mismatchedPositions: 0, timesNaive: 0, timesUnreadable: 0 });
    expect(Number(result.warehouses)).toBeGreaterThan(50);
    expect(Number(result.accepted) + Number(result.refused)).toBe(600);
    expect(code).toBe(0);
  });

  const retail = openSampleData('retail-online-uk/lines_2010-12_2011-03.csv.gz');
  test.skipIf(!retail.isPresent)(`replays invoices of a web shop${retail.skipReason}`, async () => {
    const path = await slice('retail.csv', retail.text(), 6_000);
    const columns =
      'sku=stock_code,quantity=quantity,receipt=invoice_no,at=invoice_ts,price=unit_price_gbp,name=description';
    const { code, result } = await once(path, '--columns', columns, '--warehouses', '3', '--zone', 'Europe/London');
    expect(result).toMatchObject({ lines: 6_000, warehouses: 3, lost: 0, mismatchedPositions: 0, timesNaive: 0 });
    expect(result.refusedByReason).toMatchObject({ 'not-goods': expect.any(Number) });
    expect(Number(result.refused)).toBeLessThan(200);
    expect(code).toBe(0);
  });
});

async function once(
  path: string,
  ...flags: readonly string[]
): Promise<{ code: number | null; result: Record<string, unknown> }> {
  const { code, stdout, stderr } = await runCommand(
    ...['demo', '--once', '--json', '--transactions', path, '--store', await stores.fresh()],
    ...flags,
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect(lines, stderr).toHaveLength(1);
  return { code, result: JSON.parse(lines[0] ?? '{}') };
}

/** The header and the first lines. */
async function slice(name: string, text: string, lines: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(
    path,
    `${text
      .split('\n')
      .slice(0, lines + 1)
      .join('\n')}\n`,
  );
  return path;
}
