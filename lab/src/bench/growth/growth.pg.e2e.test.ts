import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { EDGESTOCK } from '../../system/central-process.ts';
import type { Grown } from './growth.ts';
import type { IngestOfStores } from './ingest-of-stores.ts';

it('measures what grows with the positions at every size, and ingest on either store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'edgestock-growth-'));
  const file = join(folder, 'growth.json');
  await promisify(execFile)(process.execPath, [EDGESTOCK, 'bench', '--growth', '--quick', '--json', file]);
  const { grown, ingest } = JSON.parse(await readFile(file, 'utf8')) as {
    readonly grown: readonly Grown[];
    readonly ingest: IngestOfStores;
  };
  const sizes = [100, 1_000, 10_000, 100_000];
  expect(grown.map(({ of, positions }) => [of, positions])).toEqual(
    ['central', 'node'].flatMap((of) => sizes.map((positions) => [of, positions])),
  );
  for (const { p50Ms, residentMib, diskBytes, startSeconds } of grown) {
    expect(Math.min(p50Ms, residentMib, diskBytes, startSeconds)).toBeGreaterThan(0);
  }
  expect(Math.min(ingest.sqlite, ingest.postgresql)).toBeGreaterThan(0);
  await rm(folder, { recursive: true });
});
