import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImportSite } from '../testing/import-site.ts';
import { sku } from '../testing/site.ts';
import { ImportFailed } from './import-failed.ts';
import { ImportRefused } from './import-jobs.ts';
import { importLimits } from './limits.ts';

/** Three pieces and a bit. */
const ROWS = 3 * importLimits.linesPerCommand + 10;
const rows = Array.from({ length: ROWS }, (_, index) => ({ line: index + 2, sku: sku(`S${index}`), quantity: 5 }));
const id = 'a'.repeat(64);

let bench: ImportSite;
beforeEach(async () => {
  bench = new ImportSite();
  await bench.jobs.begin({ id, kind: 'stock', document: 'stock.csv', rowCount: ROWS });
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

describe('a job that is being taken back', () => {
  it('takes no rows and is not applied, whoever asks meanwhile', async () => {
    bench.jobs.stage(id, rows);
    const dropping = bench.jobs.drop(id);
    expect(() => bench.jobs.apply(id)).toThrow(/is being taken back/);
    expect(() => bench.jobs.stage(id, rows.slice(0, 1))).toThrow(/is dropping/);
    await Promise.all([dropping, bench.jobs.drop(id)]);
    expect([head(), bench.jobs.status(id), bench.site.store.imports.next(id, 1)]).toEqual([0, undefined, []]);
  });

  it('still is after a crash in the middle, and is gone after the next start', async () => {
    bench.jobs.stage(id, rows);
    const dropping = bench.jobs.drop(id);
    await bench.jobs.stop();
    await dropping;
    bench.restart();
    expect(bench.jobs.status(id)).toMatchObject({ state: 'dropping', stagedCount: ROWS - importLimits.rowsPerChunk });
    expect(() => bench.jobs.apply(id)).toThrow(/is being taken back/);
    await bench.jobs.resume();
    expect([head(), bench.jobs.status(id)]).toEqual([0, undefined]);
  });

  it('is begun anew once it is gone', async () => {
    bench.jobs.stage(id, rows);
    const dropping = bench.jobs.drop(id);
    const { outcome, status } = await bench.jobs.begin({ id, kind: 'stock', document: 'stock.csv', rowCount: ROWS });
    await dropping;
    expect([outcome, status.stagedCount]).toEqual(['staging', 0]);
    bench.jobs.stage(id, rows);
    await bench.jobs.apply(id);
    expect(total()).toBe(5 * ROWS);
  });
});

describe('a job that the data keeps from being applied', () => {
  const full = { sku: sku('S999'), quantity: 1_000_000_000_000, bin: 'FULL' };
  // Of the greatest SKU, so that the pieces before are applied.
  const last = { line: ROWS + 1, sku: sku('S999'), quantity: 1_000_000_000_000, bin: 'R1' };
  const rowsWithLast = [...rows.slice(0, ROWS - 1), last];

  beforeEach(async () => {
    for (let times = 0; times < 4; times += 1) await bench.site.move('receive', [full]);
    bench.jobs.stage(id, rowsWithLast);
    await expect(bench.jobs.apply(id)).rejects.toThrow(ImportFailed);
  });

  it('has failed for good, and says at which line and why, also after a restart', async () => {
    const failure = expect.stringMatching(/^line 761 of stock\.csv cannot be applied: S999 would exceed/);
    const failed = { state: 'failed', appliedCount: 3 * importLimits.linesPerCommand, failure };
    expect(bench.jobs.status(id)).toMatchObject(failed);
    bench.restart();
    await bench.jobs.resume();
    expect(bench.jobs.status(id)).toMatchObject(failed);
    expect(() => bench.jobs.apply(id)).toThrow(/has failed: line 761/);
    expect(() => bench.jobs.stage(id, rows.slice(0, 1))).toThrow(/is failed/);
  });

  it('can be taken back; what was applied stays', async () => {
    const before = head();
    await bench.jobs.drop(id);
    expect([bench.jobs.status(id), bench.site.store.imports.next(id, 1), head()]).toEqual([undefined, [], before]);
  });

  it('is replaced by the next begin, which counts every row anew', async () => {
    await bench.site.move('receive', [{ sku: sku('S0'), quantity: 3 }]);
    await bench.site.move('scrap', [full]);
    const { outcome } = await bench.jobs.begin({ id, kind: 'stock', document: 'stock.csv', rowCount: ROWS });
    expect([outcome, bench.jobs.status(id)?.failure]).toEqual(['staging', undefined]);
    bench.jobs.stage(id, rowsWithLast);
    await bench.jobs.apply(id);
    expect([bench.jobs.status(id)?.state, bench.site.onHand('S0'), bench.site.onHand('S999')]).toEqual([
      'done',
      5,
      4_000_000_000_000,
    ]);
  });
});

describe('rows', () => {
  const other = 'd'.repeat(64);
  const row = (line: number, text: string, quantity: number) => ({ line, sku: sku(text), quantity });

  it('that differ from the staged ones of their lines take their place', async () => {
    await bench.jobs.begin({ id: other, kind: 'stock', document: 'x.csv', rowCount: 3 });
    bench.jobs.stage(other, [row(2, 'A', 1), row(3, 'B', 2), row(4, 'C', 3)]);
    expect(bench.jobs.stage(other, [row(2, 'A', 7), row(3, 'X', 8)])).toEqual([]);
    expect(bench.jobs.status(other)?.stagedCount).toBe(3);
    await bench.jobs.apply(other);
    expect(['A', 'B', 'X', 'C'].map((text) => bench.site.onHand(text))).toEqual([7, 0, 8, 3]);
  });

  it('of one line, twice in one piece, are told', async () => {
    await bench.jobs.begin({ id: other, kind: 'stock', document: 'x.csv', rowCount: 3 });
    const problems = bench.jobs.stage(other, [row(2, 'A', 1), row(2, 'B', 2)]);
    expect(problems.map(({ line, code }) => [line, code])).toEqual([[2, 'line-twice']]);
    expect(bench.jobs.status(other)?.stagedCount).toBe(1);
  });

  it('beyond the announced number are refused with all that came with them', async () => {
    await bench.jobs.begin({ id: other, kind: 'stock', document: 'x.csv', rowCount: 2 });
    bench.jobs.stage(other, [row(2, 'A', 1)]);
    expect(() => bench.jobs.stage(other, [row(3, 'B', 2), row(4, 'C', 3)])).toThrow(/3 rows .* where 2 were announced/);
    expect(bench.jobs.status(other)?.stagedCount).toBe(1);
    expect(() => bench.jobs.apply(other)).toThrow('1 of 2 rows are staged: stage the others first');
  });

  it('of an import begun with another kind or number are not mixed with it', async () => {
    const begin = (kind: 'catalogue' | 'stock', rowCount: number) =>
      bench.jobs.begin({ id, kind, document: 'x.csv', rowCount });
    await expect(begin('catalogue', ROWS)).rejects.toMatchObject({ reason: 'begun-otherwise' });
    await expect(begin('stock', ROWS + 1)).rejects.toThrow(`was begun as ${ROWS} rows of stock`);
    expect((await begin('stock', ROWS)).outcome).toBe('staging');
  });
});
