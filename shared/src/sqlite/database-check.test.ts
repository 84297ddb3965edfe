import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../runtime/log.ts';
import { systemRandom } from '../runtime/random.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { checkInProcess } from './check-in-process.ts';
import { DatabaseDamaged, integrityFindings, openedSound, refuseDamaged } from './database-check.ts';
import { type Check, IntegrityWatch } from './integrity-watch.ts';
import { openDatabase } from './open-database.ts';
import { StartCheck } from './start-check.ts';

const PAGE_BYTES = 4_096;
const ROWS = 2_000;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-check-'));
  path = join(directory, 'x.sqlite');
  const database = openDatabase(path, { cacheKiB: 1024 });
  database.exec('CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT NOT NULL) STRICT; CREATE INDEX a_by_y ON a (y);');
  const insert = database.prepare('INSERT INTO a (y) VALUES (?)');
  database.transaction(() => {
    for (let row = 0; row < ROWS; row += 1) insert.run(`text of row ${row}`);
  })();
  database.close();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Those that have the path in their command line (Linux). */
function processesAt(place: string): number {
  const lines = globSync('/proc/[0-9]*/cmdline').map((file) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // It ended while we looked.
      return '';
    }
  });
  return lines.filter((line) => line.includes(place)).length;
}

/** Flips every bit of so many bytes at the place. */
function flip(offset: number, bytes = 1): void {
  const file = readFileSync(path);
  for (let index = offset; index < offset + bytes; index += 1) file[index] = (file[index] ?? 0) ^ 0xff;
  writeFileSync(path, file);
}

function opened(): void {
  openedSound(path, () => {
    const database = openDatabase(path, { cacheKiB: 1024 });
    try {
      refuseDamaged(database);
    } finally {
      database.close();
    }
  });
}

describe('a database file', () => {
  it('that nobody touched is opened', () => {
    expect(opened).not.toThrow();
    expect(integrityFindings(path)).toEqual([]);
  });

  it.each([
    ['its first bytes', 0, 8],
    ['the head of a page', 3 * PAGE_BYTES, 12],
    ['the places of cells in a page', 3 * PAGE_BYTES + 8, 16],
  ])('in which %s were flipped is refused, and says what to do', (_what, offset, bytes) => {
    flip(offset, bytes);
    expect(opened).toThrow(DatabaseDamaged);
    expect(opened).toThrow(expect.objectContaining({ hint: expect.stringContaining('Restore the last backup') }));
  });

  it('whose index says something else than its table is found by the whole check', () => {
    // A letter in a row of the table, which its index still has as it was.
    const at = readFileSync(path).indexOf('text of row 1999');
    flip(at, 1);
    expect(integrityFindings(path).join()).toMatch(/missing from index/);
  });
});

describe('the daily check', () => {
  const watch = (check?: Check) => {
    const clock = new VirtualClock();
    const options = { path, clock, random: systemRandom, log: silentLog };
    return { clock, integrity: new IntegrityWatch(check === undefined ? options : { ...options, check }) };
  };

  it('is done once within a day of the start, and then every day', async () => {
    let checks = 0;
    const { clock, integrity } = watch(async () => {
      checks += 1;
      return [];
    });
    await clock.advance(24 * 3_600_000);
    expect(checks).toBe(1);
    expect(integrity.report).toMatchObject({ findings: [] });
    await clock.advance(3 * 24 * 3_600_000);
    expect(checks).toBe(4);
    await integrity.stop();
    await clock.advance(3 * 24 * 3_600_000);
    expect(checks).toBe(4);
  });

  it.each([
    ['a thread', undefined],
    ['a process', checkInProcess],
  ])('reads the file in %s of its own, and says what it found', async (_, check) => {
    const { integrity } = watch(check);
    await integrity.check();
    expect(integrity.report?.findings).toEqual([]);
    flip(3 * PAGE_BYTES, 12);
    await integrity.check();
    expect(integrity.report?.findings.length).toBeGreaterThan(0);
    await integrity.stop();
  });

  it('that cannot be done changes nothing', async () => {
    const { integrity } = watch(() => Promise.reject(new Error('no thread to be had')));
    await integrity.check();
    expect(integrity.report).toBeUndefined();
    await integrity.stop();
  });

  it('in a process of its own ends with whoever has begun it, in the middle of a statement', async () => {
    const endless = join(directory, 'endless');
    // Whoever opens it to read waits for somebody who writes, in a call that nothing but the end of the process ends.
    execFileSync('mkfifo', [endless]);
    const { integrity } = watch((order, signal) => checkInProcess({ ...order, path: endless }, signal));
    const checked = integrity.check();
    await expect.poll(() => processesAt(endless)).toBe(1);
    await integrity.stop();
    await checked;
    expect(processesAt(endless)).toBe(0);
    expect(integrity.report).toBeUndefined();
  });

  it('of the structure alone leaves out what indexes say', async () => {
    flip(readFileSync(path).indexOf('text of row 1999'), 1);
    const { integrity } = watch();
    await integrity.check('structure');
    expect(integrity.report?.findings).toEqual([]);
    await integrity.check();
    expect(integrity.report?.findings.join()).toMatch(/missing from index/);
    await integrity.stop();
  });

  it('tells what it found, and shows it even when that cannot be kept', async () => {
    const told: (readonly string[])[] = [];
    const integrity = new IntegrityWatch({
      path,
      clock: new VirtualClock(),
      random: systemRandom,
      log: silentLog,
      check: async () => ['a page is torn'],
      onFound: (findings) => {
        told.push(findings);
        throw new Error('no room');
      },
    });
    await integrity.check();
    expect(told).toEqual([['a page is torn']]);
    expect(integrity.report).toMatchObject({ findings: ['a page is torn'] });
    await integrity.stop();
  });
});

describe('damage that somebody stumbles over', () => {
  const MINUTES_20 = 20 * 60_000;
  const stumbling = (found: () => readonly string[]) => {
    const clock = new VirtualClock();
    const [told, said] = [[] as (readonly string[])[], [] as object[]];
    const integrity = new IntegrityWatch({
      ...{ path, clock, random: systemRandom, remedy: 'Restore it.' },
      log: { ...silentLog, error: (facts: object) => void said.push(facts) },
      check: async () => found(),
      onFound: (findings) => void told.push(findings),
    });
    return { clock, integrity, told, said };
  };

  it('is known at once, told once, and looked at until a check finds nothing', async () => {
    let findings = ['page 9: not a page'];
    const { clock, integrity, told, said } = stumbling(() => findings);
    integrity.met('the image is malformed');
    integrity.met('the image is malformed');
    const hint = expect.stringContaining('Restore it.');
    expect(integrity.report).toMatchObject({ findings: ['the image is malformed'], hint });
    await clock.advance(MINUTES_20);
    expect(integrity.report).toMatchObject({ findings, hint });
    expect(said).toEqual([{ findings: ['the image is malformed'], hint }]);
    findings = [];
    await clock.advance(MINUTES_20);
    expect(integrity.isDamaged).toBe(false);
    expect(told.at(-1)).toEqual([]);
    await integrity.stop();
  });

  it('is suspected until the check that follows has found it, or could not be made', async () => {
    for (const outcome of [() => ['page 9: not a page'], () => Promise.reject(new Error('the disk fails'))]) {
      const told: string[] = [];
      const integrity = new IntegrityWatch({
        ...{ path, clock: new VirtualClock(), random: systemRandom, log: silentLog },
        check: async () => outcome(),
        onFound: (findings, certainty) => void told.push(`${certainty} ${findings.length}`),
      });
      integrity.met('the image is malformed');
      expect(told).toEqual(['suspected 1']);
      await expect.poll(() => told).toEqual(['suspected 1', 'known 1']);
      await integrity.stop();
    }
  });

  it('is looked at again too when it was a check that found it', async () => {
    let findings = ['page 9: not a page'];
    const { clock, integrity, told } = stumbling(() => findings);
    await integrity.check();
    findings = [];
    await clock.advance(MINUTES_20);
    expect(told).toEqual([['page 9: not a page'], []]);
    await integrity.stop();
  });

  it('is not disproved by a check that had begun before', async () => {
    const before = Promise.withResolvers<readonly string[]>();
    const after = Promise.withResolvers<readonly string[]>();
    const checks = [before.promise, after.promise];
    const integrity = new IntegrityWatch({
      ...{ path, clock: new VirtualClock(), random: systemRandom, log: silentLog },
      check: () => checks.shift() ?? Promise.resolve(['nobody asked for it']),
    });
    const checked = integrity.check();
    integrity.met('the image is malformed');
    before.resolve([]);
    await checked;
    expect(integrity.isDamaged).toBe(true);
    after.resolve([]);
    await expect.poll(() => integrity.isDamaged).toBe(false);
    await integrity.stop();
  });
});

describe('the check at a start', () => {
  const LARGE = { checkedFirstBytesMax: 1 };

  it('is done first for a small file, and beside the service for a large one', () => {
    expect(new StartCheck(path).isBeside).toBe(false);
    expect(new StartCheck(path, LARGE).isBeside).toBe(true);
    expect(new StartCheck(join(directory, 'new.sqlite'), LARGE).isBeside).toBe(false);
  });

  it('is done first once damage was found, until a check finds none', () => {
    const check = new StartCheck(path, LARGE);
    check.note(['a page is torn']);
    expect(new StartCheck(path, LARGE).isBeside).toBe(false);
    check.note([]);
    expect(new StartCheck(path, LARGE).isBeside).toBe(true);
  });
});
