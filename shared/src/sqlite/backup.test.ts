import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pagesOf, spoilPages } from '../testing/spoil-pages.ts';
import { BackupRefused, backUpDatabase } from './backup.ts';
import { openDatabase } from './open-database.ts';
import { DataDirectoryInUse, ProcessLock } from './process-lock.ts';
import { restoreDatabase } from './restore.ts';

let directory: string;
let source: Database.Database;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-backup-'));
  source = openDatabase(join(directory, 'x.sqlite'), { cacheKiB: 1_024 });
  source.exec('CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT');
  source.pragma('user_version = 7');
  add(source, 1);
});
afterEach(() => {
  source.close();
  rmSync(directory, { recursive: true, force: true });
});

const path = (name: string) => join(directory, name);
const add = (database: Database.Database, x: number) => database.prepare('INSERT INTO a (x) VALUES (?)').run(x);
const backUp = (to = 'copy.sqlite', stamp?: (copy: Database.Database) => void) =>
  backUpDatabase({ from: path('x.sqlite'), to: path(to), ...(stamp && { stamp }) });

function rowsOf(file: string): unknown[] {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    return database.prepare('SELECT x FROM a ORDER BY x').pluck().all();
  } finally {
    database.close();
  }
}

describe('a backup', () => {
  it('is what was committed, made beside an owner that writes on', () => {
    source.exec('BEGIN; INSERT INTO a (x) VALUES (99)');
    backUp();
    source.exec('COMMIT');
    expect(rowsOf(path('copy.sqlite'))).toEqual([1]);
    expect(rowsOf(path('x.sqlite'))).toEqual([1, 99]);
  });

  it('is one file, of the same schema version, with what was stamped into it', () => {
    backUp('copy.sqlite', (copy) => add(copy, 1_000));
    expect(readdirSync(directory).filter((name) => name.startsWith('copy'))).toEqual(['copy.sqlite']);
    const copy = new Database(path('copy.sqlite'));
    expect(copy.pragma('user_version', { simple: true })).toBe(7);
    copy.close();
    expect(rowsOf(path('copy.sqlite'))).toEqual([1, 1_000]);
    expect(rowsOf(path('x.sqlite'))).toEqual([1]);
  });

  it('overwrites nothing', () => {
    writeFileSync(path('copy.sqlite'), 'precious');
    expect(() => backUp()).toThrow(BackupRefused);
    expect(readFileSync(path('copy.sqlite'), 'utf8')).toBe('precious');
  });

  it('of a damaged database is none, and says that this is why', () => {
    source.close();
    spoilPages(path('x.sqlite'), pagesOf(path('x.sqlite'), 'a'));
    expect(() => backUp()).toThrow('the database is damaged');
    expect(existsSync(path('copy.sqlite'))).toBe(false);
  });

  it('that fails half-way leaves nothing under its name', () => {
    const fail = () => {
      throw new Error('stamp broke');
    };
    expect(() => backUp('copy.sqlite', fail)).toThrow('stamp broke');
    expect(readdirSync(directory).filter((name) => name.startsWith('copy'))).toEqual([]);
  });

  it('of nothing, or to nowhere, is refused with what to do', () => {
    expect(() => backUpDatabase({ from: path('none.sqlite'), to: path('copy') })).toThrow(/no database/);
    expect(() => backUp('none/copy.sqlite')).toThrow(/no directory/);
  });
});

describe('a restore', () => {
  const restore = (options: { from?: string; replace?: boolean; check?: () => void } = {}) =>
    restoreDatabase({
      from: path(options.from ?? 'copy.sqlite'),
      directory: path('site'),
      file: 'x.sqlite',
      lock: 'lock',
      setting: '--data-dir',
      replace: options.replace ?? false,
      now: Date.UTC(2026, 0, 2, 3, 4, 5),
      check: options.check ?? (() => undefined),
    });
  const target = () => path('site/x.sqlite');

  it('into an empty place brings the backup back', () => {
    backUp();
    expect(restore()).toEqual({ path: target() });
    expect(rowsOf(target())).toEqual([1]);
  });

  it('of a directory is refused, as of a file that is not there', () => {
    mkdirSync(path('a-directory'));
    for (const from of ['a-directory', 'nothing']) expect(() => restore({ from })).toThrow(BackupRefused);
    expect(existsSync(target())).toBe(false);
  });

  it('removes the log that another database has left, which would be taken for its own', () => {
    backUp();
    restore();
    const old = openDatabase(target(), { cacheKiB: 1_024 });
    add(old, 2);
    copyFileSync(`${target()}-wal`, path('stale-wal'));
    old.close();
    rmSync(target());
    copyFileSync(path('stale-wal'), `${target()}-wal`);
    restore();
    openDatabase(target(), { cacheKiB: 1_024 }).close();
    expect(rowsOf(target())).toEqual([1]);
  });

  it('over a database is refused; with replace the old one is kept whole, with what was only in its log', () => {
    backUp();
    restore();
    const old = openDatabase(target(), { cacheKiB: 1_024 });
    add(old, 2);
    // As a killed process leaves it: the second row is in the log alone.
    for (const suffix of ['', '-wal']) copyFileSync(`${target()}${suffix}`, path(`killed${suffix}`));
    old.close();
    for (const suffix of ['', '-wal']) copyFileSync(path(`killed${suffix}`), `${target()}${suffix}`);
    expect(() => restore()).toThrow(BackupRefused);
    const { kept = '' } = restore({ replace: true });
    expect(rowsOf(target())).toEqual([1]);
    expect(kept).toBe(`${target()}.replaced-20260102T030405Z`);
    expect(rowsOf(kept)).toEqual([1, 2]);
    expect(restore({ replace: true }).kept).toBe(`${kept}-2`);
  });

  it('waits for nobody: while the directory is owned it is refused', () => {
    backUp();
    restore();
    const lock = ProcessLock.take(path('site/lock'));
    expect(() => restore({ replace: true })).toThrow(DataDirectoryInUse);
    lock.release();
  });

  it.each([
    ['that is damaged', () => truncateSync(path('copy.sqlite'), 4_096)],
    ['that is no database', () => writeFileSync(path('copy.sqlite'), 'once upon a time, and more of that'.repeat(99))],
  ])('of a file %s changes nothing', (_what, damage) => {
    backUp();
    restore();
    damage();
    expect(() => restore({ replace: true })).toThrow(
      expect.objectContaining({ name: 'BackupRefused', hint: expect.stringContaining('another backup') }),
    );
    expect(rowsOf(target())).toEqual([1]);
    expect(readdirSync(path('site')).filter((name) => name.startsWith('x.'))).toEqual(['x.sqlite']);
  });

  it('of the wrong backup changes nothing', () => {
    backUp();
    const check = () => {
      throw new Error('of another warehouse');
    };
    expect(() => restore({ check })).toThrow('of another warehouse');
    expect(existsSync(target())).toBe(false);
  });

  it('of a database in use, copied with its log, is refused: it is no backup (restored with cp)', () => {
    add(source, 2);
    for (const suffix of ['', '-wal']) copyFileSync(path(`x.sqlite${suffix}`), path(`copied${suffix}`));
    expect(() => restore({ from: 'copied' })).toThrow(/no backup/);
  });
});
