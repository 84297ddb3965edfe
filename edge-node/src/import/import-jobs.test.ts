import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImportSite } from '../testing/import-site.ts';
import { sku } from '../testing/site.ts';
import { ImportRefused } from './import-jobs.ts';
import { importLimits } from './limits.ts';

/** Three pieces and a bit. */
const ROWS = 3 * importLimits.linesPerCommand + 10;
const rows = Array.from({ length: ROWS }, (_, index) => ({ line: index + 2, sku: sku(`S${index}`), quantity: 5 }));
const id = 'a'.repeat(64);

let bench: ImportSite;
beforeEach(() => {
  bench = new ImportSite();
  bench.jobs.begin({ id, kind: 'stock', document: 'stock.csv', rowCount: ROWS });
});
afterEach(() => bench.site.dispose());

const total = () => rows.reduce((sum, { sku: text }) => sum + bench.site.onHand(text), 0);
const head = () => bench.site.store.outbox.head().sequence;

describe('a crash', () => {
  it('while staging drops the job: nothing of it was applied, and nothing of it is left', async () => {
    bench.jobs.stage(id, rows.slice(0, 700));
    bench.restart();
    await bench.jobs.resume();
    expect([head(), bench.jobs.status(id)]).toEqual([0, undefined]);
    expect(bench.site.store.imports.next(id, 1)).toEqual([]);
  });

  it('while applying goes on at the next start, with no row lost or counted twice', async () => {
    bench.jobs.stage(id, rows);
    const applying = bench.jobs.apply(id, () => void bench.jobs.stop());
    await expect(applying).rejects.toThrow(/stopping/);
    expect(total()).toBe(5 * importLimits.linesPerCommand);
    bench.restart();
    await bench.site.move('sale', [{ sku: sku('S0'), quantity: 1 }]);
    await bench.jobs.resume();
    expect(bench.jobs.status(id)).toMatchObject({ state: 'done', appliedCount: ROWS, unlistedCount: ROWS });
    expect([total(), head()]).toEqual([5 * ROWS - 1, ROWS + 1]);
  });

  it('between a command and the note of it applies that command once', async () => {
    bench.jobs.stage(id, rows);
    const { imports } = bench.site.store;
    imports.applied = () => {
      throw new Error('power cut');
    };
    await expect(bench.jobs.apply(id)).rejects.toThrow('power cut');
    expect(head()).toBe(importLimits.linesPerCommand);
    bench.restart();
    await bench.jobs.resume();
    expect([total(), head()]).toEqual([5 * ROWS, ROWS]);
  });
});

describe('a job', () => {
  it('is not applied before every announced row is there', () => {
    bench.jobs.stage(id, rows.slice(0, 700));
    expect(() => bench.jobs.apply(id)).toThrow(ImportRefused);
    expect(head()).toBe(0);
  });

  it('takes the same rows twice as once', async () => {
    bench.jobs.stage(id, rows);
    bench.jobs.stage(id, rows.slice(0, 100));
    expect(bench.jobs.status(id)?.stagedCount).toBe(ROWS);
    await bench.jobs.apply(id);
    await bench.jobs.apply(id);
    expect([total(), head()]).toEqual([5 * ROWS, ROWS]);
  });

  it('lets tills in between its pieces', async () => {
    bench.jobs.stage(id, rows);
    const places: number[] = [];
    await bench.jobs.apply(id, () => {
      void bench.site
        .move('sale', [{ sku: sku('TEA'), quantity: 1 }])
        .then(({ movements }) => places.push(movements[0]?.sequence ?? 0));
    });
    expect(places.slice(0, 3)).toEqual([251, 502, 753]);
  });

  it('takes no more rows once it is applied, and is not taken back', async () => {
    bench.jobs.stage(id, rows);
    await bench.jobs.apply(id);
    expect(() => bench.jobs.stage(id, rows)).toThrow(/takes no rows/);
    await expect(bench.jobs.drop(id)).rejects.toThrow(/not taken back/);
  });

  it('nobody has begun is unknown', () => {
    expect(() => bench.jobs.stage('b'.repeat(64), rows)).toThrow(/no import/);
  });
});
