import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { EDGESTOCK } from '../system/central-process.ts';
import type { Figure } from './figure.ts';
import { hasRedis } from './peer/redis-server.ts';

/** Needs nats-server too, which the set-up brings. The figures of a quick run mean nothing; that nothing is oversold does. */
it('reserves one hot SKU beside PostgreSQL, and Redis where it is, and promises no unit twice', {
  timeout: 300_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgestock-hot-sku-'));
  const file = join(folder, 'figures.json');
  const flags = ['--quick', '--only', 'N9', '--json', file];
  const { stderr } = await promisify(execFile)(process.execPath, [EDGESTOCK, 'bench', ...flags]);
  const figures = JSON.parse(await readFile(file, 'utf8')) as readonly Figure[];
  const peers = figures.slice(0, -1);
  const hasRedisPeer = hasRedis();
  expect(peers.map(({ floorIs }) => floorIs?.split(/[ ,]/)[0])).toEqual(
    hasRedisPeer ? ['PostgreSQL', 'PostgreSQL', 'Redis'] : ['PostgreSQL', 'PostgreSQL'],
  );
  expect(stderr.includes('N9 left out: there is no Redis')).toBe(!hasRedisPeer);
  for (const { unit, floor } of peers) {
    expect(unit).toBe('reservations/s');
    expect(floor).toBeGreaterThan(0);
  }
  expect(figures.at(-1)).toMatchObject({ unit: 'oversold', value: 0, met: true });
  await rm(folder, { recursive: true });
});
