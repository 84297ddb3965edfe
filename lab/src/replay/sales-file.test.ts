import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect } from '../testing/collect.ts';
import { readSalesFile } from './sales-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'edgestock-sales-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const text = '\uFEFFreceipt,sku,quantity,note\r\n1,85123A,6,"a, ""quoted""\nnote"\r\n2,,x,\r\n';

async function file(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

describe('a file of sales', () => {
  test('is read plain or compressed, with quotes, line ends and a byte order mark as they come', async () => {
    const plain = await collect(readSalesFile(await file('plain.csv', text), { encoding: 'utf8' }));
    expect(plain).toEqual([
      { row: 2, receipt: '1', sku: '85123A', quantity: '6' },
      // The cell above goes over two lines of the file.
      { row: 4, receipt: '2', sku: '', quantity: 'x' },
    ]);
    expect(await collect(readSalesFile(await file('packed.csv.gz', gzipSync(text)), { encoding: 'utf8' }))).toEqual(
      plain,
    );
  });

  test.each([
    ['semicolons', ';'],
    ['tabs', '\t'],
  ])('is read with %s as with commas', async (name, delimiter) => {
    const content = `receipt,sku,quantity\n1,tea,2\n`.replaceAll(',', delimiter);
    const lines = await collect(readSalesFile(await file(`${name}.csv`, content), { encoding: 'utf8' }));
    expect(lines).toEqual([{ row: 2, receipt: '1', sku: 'tea', quantity: '2' }]);
  });

  test('ends where its rows do, whatever delimiters a spreadsheet has put below', async () => {
    const path = await file('padded.csv', 'receipt,sku,quantity\n1,tea,1\n,,\n , ,\n');
    expect(await collect(readSalesFile(path, { encoding: 'utf8' }))).toHaveLength(1);
  });

  test('that breaks off says so instead of looking shorter', async () => {
    const packed = gzipSync(text.repeat(2_000));
    const path = await file('broken.csv.gz', packed.subarray(0, packed.length - 20));
    await expect(collect(readSalesFile(path, { encoding: 'utf8' }))).rejects.toMatchObject({
      message: expect.stringContaining('cannot be read'),
      hint: expect.stringContaining('damaged or incomplete'),
    });
  });

  test('that is missing or empty is named', async () => {
    await expect(collect(readSalesFile(join(folder, 'none.csv'), { encoding: 'utf8' }))).rejects.toThrow(
      'cannot be read',
    );
    await expect(collect(readSalesFile(await file('empty.csv', ''), { encoding: 'utf8' }))).rejects.toThrow('is empty');
  });

  test('in another encoding than told is refused by line, and read when told', async () => {
    const path = await file('latin1.csv', Buffer.from('receipt,sku,quantity\n1,A,1\n2,caf\xe9,1\n', 'latin1'));
    await expect(collect(readSalesFile(path, { encoding: 'utf8' }))).rejects.toMatchObject({
      message: expect.stringContaining('line 3'),
      hint: expect.stringContaining('--encoding latin1'),
    });
    const lines = await collect(readSalesFile(path, { encoding: 'latin1' }));
    expect(lines.map(({ sku }) => sku)).toEqual(['A', 'caf\xe9']);
  });

  test('may be left half read', async () => {
    for await (const line of readSalesFile(await file('long.csv', text.repeat(5_000)), { encoding: 'utf8' })) {
      expect(line.row).toBe(2);
      break;
    }
  });
});
