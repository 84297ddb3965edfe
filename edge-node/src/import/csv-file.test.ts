import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CsvBroken, CsvFile, type CsvRow } from './csv-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-csv-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function rowsOf(content: string | Uint8Array, name = 'x.csv'): Promise<CsvRow[]> {
  const path = join(directory, name);
  writeFileSync(path, content);
  const rows: CsvRow[] = [];
  for await (const batch of new CsvFile(path, 'utf8').batches()) rows.push(...batch);
  return rows;
}

describe('a CSV file', () => {
  const rows = [
    { line: 1, cells: ['sku', 'name'] },
    { line: 2, cells: ['A', 'Tea'] },
  ];

  it.each([
    ['commas', 'sku,name\nA,Tea\n'],
    ['semicolons', 'sku;name\nA;Tea\n'],
    ['tabs', 'sku\tname\nA\tTea\n'],
    ['CRLF', 'sku,name\r\nA,Tea\r\n'],
    ['a byte order mark', '\ufeffsku,name\nA,Tea'],
    ['a byte order mark before a quote', '\ufeff"sku","name"\n"A","Tea"'],
    ['a comma inside a quoted header', '"sku";"name"\n"A";"Tea"\n'],
    ['UTF-16 as Excel saves Unicode text', Buffer.from('\ufeffsku,name\nA,Tea\n', 'utf16le')],
    ['UTF-16 of the other byte order', Buffer.from('\ufeffsku;name\nA;Tea\n', 'utf16le').swap16()],
    ['empty rows below', 'sku,name\nA,Tea\n,\n,\n\n'],
  ])('is read with %s', async (_, content) => {
    expect(await rowsOf(content)).toEqual(rows);
  });

  it('is read gzipped', async () => {
    expect(await rowsOf(gzipSync('sku,name\nA,Tea\n'), 'x.csv.gz')).toEqual(rows);
  });

  it('numbers rows by the line on which they begin, line breaks in cells and empty lines counted', async () => {
    const read = await rowsOf('sku,name\r\nA,"two\r\nlines"\r\n\r\nB,x\r\nC,"three\n\nlines"\r\nD,y');
    expect(read.map(({ line, cells }) => [line, cells[0]])).toEqual([
      [1, 'sku'],
      [2, 'A'],
      [5, 'B'],
      [6, 'C'],
      [9, 'D'],
    ]);
  });

  it('takes a quote within an unquoted cell for what it is', async () => {
    expect((await rowsOf('sku,name\nA,5" pipe\n'))[1]?.cells).toEqual(['A', '5" pipe']);
  });

  it('with a quote that is never closed is broken near that line, not at its end', async () => {
    const broken = `sku,name\nA,"Tea\n${'B,Milk\n'.repeat(50_000)}`;
    const error = await rowsOf(broken).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CsvBroken);
    expect((error as CsvBroken).message).toContain('never closed');
    expect((error as CsvBroken).line).toBeLessThan(12_000);
  });

  it('with a quote that is never closed still gives every row above it', async () => {
    const path = join(directory, 'broken.csv');
    writeFileSync(path, `sku,name\n${Array.from({ length: 3_000 }, (_, i) => `S${i},Tea\n`).join('')}X,"Tea\nY,Milk\n`);
    const rows: CsvRow[] = [];
    const reading = (async () => {
      for await (const batch of new CsvFile(path, 'utf8').batches()) rows.push(...batch);
    })();
    await expect(reading).rejects.toThrow(CsvBroken);
    expect(rows.map(({ line }) => line)).toEqual(Array.from({ length: 3_001 }, (_, index) => index + 1));
  });

  it('that is a damaged gzip says so', async () => {
    const whole = gzipSync('sku,name\n'.repeat(10_000));
    await expect(rowsOf(whole.subarray(0, whole.length / 2), 'x.csv.gz')).rejects.toThrow(/damaged or incomplete/);
    await expect(rowsOf('no gzip at all', 'x.csv.gz')).rejects.toThrow(/damaged or incomplete/);
  });

  it('has a digest of its bytes, the same each time it is read', async () => {
    const path = join(directory, 'd.csv');
    writeFileSync(path, 'sku,name\nA,Tea\n');
    const file = new CsvFile(path, 'utf8');
    const read = async () => {
      for await (const _ of file.batches());
      return file.digest();
    };
    const first = await read();
    expect(await read()).toBe(first);
    writeFileSync(path, 'sku,name\nA,Tee\n');
    expect(await read()).not.toBe(first);
  });
});
