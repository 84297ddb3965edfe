import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from './migrate.ts';
import { DatabaseRefused, isSafeSqlite, openDatabase } from './open-database.ts';
import { DataDirectoryInUse, ProcessLock } from './process-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-sqlite-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = () => openDatabase(join(directory, 'x.sqlite'), { cacheKiB: 1024 });

describe('the SQLite that may open our files', () => {
  it.each([
    ['3.51.2', false],
    ['3.51.3', true],
    ['3.52.0', true],
    ['3.7.17', false],
    ['4.0.0', true],
    ['unknown', false],
  ])('%s: %s', (version, isSafe) => {
    expect(isSafeSqlite(version)).toBe(isSafe);
  });
});

describe('a migration', () => {
  const first = { name: 'first', sql: 'CREATE TABLE a (x INTEGER) STRICT;' };
  const second = { name: 'second', sql: 'CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b (x) VALUES (1);' };
  const tables = (database: ReturnType<typeof open>) =>
    database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();

  it('runs once, and later ones on top of it', () => {
    const database = open();
    migrate(database, [first]);
    migrate(database, [first, second]);
    migrate(database, [first, second]);
    expect(database.prepare('SELECT count(*) FROM b').pluck().get()).toBe(1);
    database.close();
  });

  it('that fails half-way leaves nothing of itself and all of what came before', () => {
    const database = open();
    const broken = { name: 'broken', sql: 'CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);' };
    expect(() => migrate(database, [first, broken])).toThrow('nowhere');
    expect(tables(database)).toEqual(['a']);
    migrate(database, [first, second]);
    expect(tables(database)).toEqual(['a', 'b']);
    database.close();
  });

  it('of a newer release is refused, with what to do', () => {
    const database = open();
    migrate(database, [first, second]);
    expect(() => migrate(database, [first])).toThrow(DatabaseRefused);
    expect(() => migrate(database, [first])).toThrow(/newer release\. Start that release/);
    database.close();
  });
});

describe('the lock of a data directory', () => {
  const lockModule = fileURLToPath(new URL('./process-lock.ts', import.meta.url));
  const inAnotherProcess = (code: string) =>
    spawnSync(
      process.execPath,
      ['--input-type=module', '-e', `const { ProcessLock } = await import(${JSON.stringify(lockModule)}); ${code}`],
      {
        encoding: 'utf8',
        env: { ...process.env, LOCK: join(directory, 'lock') },
      },
    );

  it('keeps another process out while it is held', () => {
    const lock = ProcessLock.take(join(directory, 'lock'));
    const other = inAnotherProcess('ProcessLock.take(process.env.LOCK)');
    expect(other.stderr).toContain('another process owns this data directory');
    lock.release();
    expect(inAnotherProcess('ProcessLock.take(process.env.LOCK)').status).toBe(0);
  });

  it('keeps a second owner in the same process out', () => {
    const lock = ProcessLock.take(join(directory, 'lock'));
    expect(() => ProcessLock.take(join(directory, 'lock'))).toThrow(DataDirectoryInUse);
    lock.release();
  });

  it('is gone with a process that was killed: there is nothing to clean up', () => {
    const killed = inAnotherProcess('ProcessLock.take(process.env.LOCK); process.kill(process.pid, "SIGKILL")');
    expect(killed.signal).toBe('SIGKILL');
    ProcessLock.take(join(directory, 'lock')).release();
  });
});
