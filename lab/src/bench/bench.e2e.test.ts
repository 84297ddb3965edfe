import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { EDGESTOCK } from '../system/central-process.ts';
import type { Figure } from './figure.ts';

const run = promisify(execFile);
const folders: string[] = [];
/** Those that need nothing but this machine; `hot-sku.pg.test.ts` has the other. */
const WITHOUT_PEERS = 'N1,N2,N3,N4,N5,N6,N7,N8,N10,N11,N12';

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

describe('the bench', () => {
  it('measures every number beside its floor or bound, and says whether it was met', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgestock-bench-test-'));
    folders.push(folder);
    const file = join(folder, 'figures.json');

    const { stdout } = await run(process.execPath, [
      EDGESTOCK,
      'bench',
      '--quick',
      '--only',
      WITHOUT_PEERS,
      '--json',
      file,
    ]);

    const figures = JSON.parse(await readFile(file, 'utf8')) as readonly Figure[];
    expect(figures.map(({ id }) => id)).toEqual([
      'N1',
      'N2',
      'N2',
      'N3',
      'N4',
      'N4',
      'N5',
      'N5',
      'N6',
      'N8',
      'N8',
      'N10',
      'N10',
      'N10',
      'N10',
      'N11',
      'N12',
      'N12',
    ]);
    for (const figure of figures) {
      const { value, floor, ratio, target, met } = figure;
      expect(value, figure.what).toBeGreaterThan(0);
      if (floor !== null) expect(ratio, figure.what).toBeCloseTo(value / floor, 1);
      const judged = figure.targetIs.endsWith('ratio') ? (ratio ?? Number.NaN) : value;
      expect(met, figure.what).toBe(figure.targetIs.startsWith('at least') ? judged >= target : judged <= target);
    }
    expect(stdout).toContain(`${figures.filter(({ met }) => met).length} of ${figures.length} met`);
  });

  it('refuses a number that it does not know', async () => {
    await expect(run(process.execPath, [EDGESTOCK, 'bench', '--only', 'N99'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no bench N99'),
    });
  });

  it('does not write down the figures of a part of a run', async () => {
    await expect(run(process.execPath, [EDGESTOCK, 'bench', '--quick', '--write'])).rejects.toMatchObject({ code: 2 });
  });
});
