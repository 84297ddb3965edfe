import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { JsonDoor } from '@edgestock/shared/runtime/json-door';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faults, ImportSite } from '../testing/import-site.ts';
import { CentralDoor } from './central-door.ts';
import { CentralImport } from './central-import.ts';
import { importLimits } from './limits.ts';

type Item = { sku: string; name?: string; barcodes: object[]; warehouses: unknown };
type Page = { items: Item[]; badBarcodes?: string };

/** Central's catalogue as its door shows it. */
let pages: Page[];
/** Statuses of the next answers to pages; after them all is well. */
let failing: number[];
let server: Server;
let url: string;
let site: ImportSite;

beforeEach(async () => {
  pages = [];
  failing = [];
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    if (request.url === '/v1/warehouses')
      return response.end('{"warehouses":[{"warehouse":"BER1"},{"warehouse":"HAM1"}]}');
    const status = failing.shift();
    if (status !== undefined) {
      response.statusCode = status;
      return response.end('{"detail":"not now"}');
    }
    pages.push(JSON.parse(Buffer.concat(pieces).toString('utf8')));
    return response.end('{"items":1}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  site = new ImportSite();
});
afterEach(() => {
  server.close();
  site.site.dispose();
});

async function importing(content: string, choices: object = {}, badBarcodes: 'refuse' | 'keep' = 'refuse') {
  const clock = new VirtualClock();
  const door = new JsonDoor({ url, clock });
  const target = await CentralImport.open(new CentralDoor({ door, clock, random: systemRandom }), badBarcodes);
  const result = site.import('catalogue', content, { target, badBarcodes, isForCentral: true, ...choices });
  let isOver = false;
  const settled = result.finally(() => {
    isOver = true;
  });
  settled.catch(() => undefined);
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(importLimits.centralRetryMsMax);
  }
  target.close();
  return settled;
}

const items = () => pages.flatMap((page) => page.items);

describe('an import to central', () => {
  it('makes one whole item of all rows of a SKU, wherever in the file they are', async () => {
    const result = await importing(
      'sku,name,barcode,multiple,warehouses\nTEA,Tea,37600665605,,\nCUP,Cup,own-7,2,HAM1 | BER1\nTEA,,4006381333931,12,\nBAG,,,,\n',
    );
    expect(result).toMatchObject({ outcome: 'imported', rows: 4 });
    expect(items()).toEqual([
      { sku: 'BAG', barcodes: [], warehouses: 'all' },
      { sku: 'CUP', name: 'Cup', barcodes: [{ barcode: 'own-7', multiple: 2 }], warehouses: ['BER1', 'HAM1'] },
      {
        sku: 'TEA',
        name: 'Tea',
        barcodes: [
          { barcode: '00037600665605', multiple: 1 },
          { barcode: '04006381333931', multiple: 12 },
        ],
        warehouses: 'all',
      },
    ]);
  });

  it('sends pages, each item in one of them', async () => {
    const count = importLimits.itemsPerPage * 2 + 1;
    const rows = Array.from({ length: count }, (_, index) => `S${10_000 + index},x\nS${10_000 + index},`);
    await importing(`sku,name\n${rows.join('\n')}\n`);
    expect(pages.map((page) => page.items.length)).toEqual([importLimits.itemsPerPage, importLimits.itemsPerPage, 1]);
    expect(new Set(items().map(({ sku }) => sku)).size).toBe(count);
  });

  it.each([
    ['a warehouse that nobody knows', 'sku,warehouses\nA,BER1\nB,MUC1', ['3 warehouse-unknown']],
    ['a warehouse that cannot be one', 'sku,warehouses\nA,BER 1', ['2 warehouse-malformed']],
    ['two opinions of whom an item concerns', 'sku,warehouses\nA,BER1\nA,\nA,HAM1', ['4 warehouses-twice']],
    ['a wrong check digit', 'sku,barcode\nA,4006381333931\nB,4006381333932', ['3 barcode-invalid']],
    [
      'more barcodes of an item than central takes',
      `sku,barcode\n${Array.from({ length: importLimits.barcodesPerItemMax + 2 }, (_, index) => `A,c${index}`).join('\n')}`,
      ['102 barcodes-count', '103 barcodes-count'],
    ],
  ])('with %s is refused by line before anything is sent', async (_, content, expected) => {
    const result = await importing(`${content}\n`);
    expect([result.outcome, faults(result), pages]).toEqual(['refused', expected, []]);
  });

  it('checks all of it and sends nothing in a dry run', async () => {
    expect(await importing('sku\nA\n', { isDryRun: true })).toMatchObject({ outcome: 'checked', rows: 1 });
    expect(pages).toEqual([]);
  });

  it('goes on trying while central is busy, and says that it may be repeated when that is in vain', async () => {
    failing = [503, 503];
    expect(await importing('sku\nA\n')).toMatchObject({ outcome: 'imported' });
    expect(items()).toHaveLength(1);
    failing = Array.from({ length: importLimits.centralTriesMax + 1 }, () => 503);
    await expect(importing('sku\nA\n')).rejects.toMatchObject({
      message: 'not now',
      hint: 'Nothing of the file is there. Run the same command again: nothing is done twice.',
    });
    failing = [200, 400];
    const rows = Array.from({ length: importLimits.itemsPerPage + 1 }, (_, index) => `S${index}`);
    const hint = expect.stringMatching(new RegExp(`^${importLimits.itemsPerPage} rows of the file, by SKU, are there`));
    await expect(importing(`sku\n${rows.join('\n')}\n`)).rejects.toMatchObject({ message: 'not now', hint });
  });

  it('lets wrong check digits pass for own codes when that is wanted', async () => {
    await importing('sku,barcode\nA,4006381333932\n', {}, 'keep');
    expect(pages).toMatchObject([{ badBarcodes: 'keep', items: [{ barcodes: [{ barcode: '4006381333932' }] }] }]);
  });
});

it('the same column says nothing to a node', async () => {
  const result = await site.import('catalogue', 'sku,warehouses\nA,no such place\n');
  expect(result).toMatchObject({ outcome: 'imported' });
});
