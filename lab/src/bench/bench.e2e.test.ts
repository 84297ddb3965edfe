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
/** Figures of each number that needs nothing but this machine; `hot-sku.pg.test.ts` has the other. */
const halves = [
  { N1: 1, N2: 2, N3: 1, N4: 2, N5: 2, N6: 1 },
  { N7: 3, N8: 2, N10: 4, N11: 1, N12: 2 },
];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

describe('the bench', () => {
  it('measures every number beside its floor or bound, and says whether it was met', { timeout: 300_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgestock-bench-test-'));
    folders.push(folder);
    // Most of a quick run is waiting for one process or another to start: two runs side by side take half the time.
    await Promise.all(halves.map((half, index) => insistOn(half, join(folder, `figures-${index}.json`))));
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

/** Runs these numbers, and holds what comes of them against what should. */
async function insistOn(counts: Readonly<Record<string, number>>, file: string): Promise<void> {
  const flags = ['--quick', '--only', Object.keys(counts).join(), '--json', file];
  const { stdout } = await run(process.execPath, [EDGESTOCK, 'bench', ...flags]);

  const figures = JSON.parse(await readFile(file, 'utf8')) as readonly Figure[];
  expect(figures.map(({ id }) => id)).toEqual(
    Object.entries(counts).flatMap(([id, count]) => new Array<string>(count).fill(id)),
  );
  for (const figure of figures) {
    const { value, floor, ratio, target, met } = figure;
    expect(value, figure.what).toBeGreaterThan(0);
    if (floor !== null) expect(ratio, figure.what).toBeCloseTo(value / floor, 1);
    const judged = figure.targetIs.endsWith('ratio') ? (ratio ?? Number.NaN) : value;
    expect(met, figure.what).toBe(figure.targetIs.startsWith('at least') ? judged >= target : judged <= target);
  }
  expect(stdout).toContain(`${figures.filter(({ met }) => met).length} of ${figures.length} met`);
}
