import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { EDGESTOCK } from '../system/central-process.ts';
import type { Figure } from './figure.ts';

/** Needs nats-server too, which the set-up brings. The figures of a quick run mean nothing; that nothing is oversold does. */
it('reserves one hot SKU beside PostgreSQL, and promises no unit twice', { timeout: 300_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgestock-hot-sku-'));
  const file = join(folder, 'figures.json');
  await promisify(execFile)(process.execPath, [EDGESTOCK, 'bench', '--quick', '--only', 'N9', '--json', file]);
  const figures = JSON.parse(await readFile(file, 'utf8')) as readonly Figure[];
  expect(figures.map(({ unit }) => unit)).toEqual(['reservations/s', 'reservations/s', 'oversold']);
  const [againstLock, againstStatement, oversold] = figures;
  expect(againstLock?.floor).toBeGreaterThan(0);
  expect(againstStatement?.floor).toBeGreaterThan(0);
  expect(oversold).toMatchObject({ value: 0, met: true });
  await rm(folder, { recursive: true });
});
