import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { assert } from '../runtime/assert.ts';
import { OperatingFailure } from '../runtime/operating-failure.ts';
import { SteadyDatabase } from './steady-database.ts';

/**
 * Oldest SQLite that may open our files: 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write or
 * checkpoint at once (the "WAL-reset" fault, fixed in 3.51.3).
 */
const SQLITE_MIN = [3, 51, 3] as const;

export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused';
}

/** The log of a database, with what was committed last, and no database beside it. A new one would delete it as it is made. */
export class DatabaseAway extends OperatingFailure {
  override readonly name = 'DatabaseAway';

  constructor(path: string) {
    super(
      `the database ${path} is not there, but its write-ahead log is, with what was committed last`,
      `Put the file back under its name, and nothing is lost. To begin anew, or with a backup, move ${path}-wal away first.`,
    );
  }
}

/**
 * Opens the database durably and proves it (P1): WAL with `synchronous=FULL`. A WAL database reopened by the driver comes up
 * with NORMAL, which loses the last commits in a power cut, so FULL is set and read back on *every* open. Makes a file
 * where there is none; throws `DatabaseAway` where there was one.
 */
export function openDatabase(path: string, options: { readonly cacheKiB: number }): Database.Database {
  refuseLogAlone(path);
  const database = new SteadyDatabase(path);
  try {
    refuseOldSqlite(database);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    database.pragma('mmap_size = 0');
    database.pragma('busy_timeout = 5000');
    database.pragma('journal_size_limit = 67108864');
    database.pragma(`cache_size = ${-options.cacheKiB}`);
    assertDurable(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function refuseLogAlone(path: string): void {
  if (sizeOf(path) === 0 && sizeOf(`${path}-wal`) > 0) throw new DatabaseAway(path);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Throws unless what this connection commits survives a power cut. */
export function assertDurable(database: Database.Database): void {
  assert(database.pragma('journal_mode', { simple: true }) === 'wal', 'the database must be in WAL mode');
  assert(database.pragma('synchronous', { simple: true }) === 2, 'the database must be opened with synchronous=FULL');
}

function refuseOldSqlite(database: Database.Database): void {
  const row = database.prepare<[], { version: string }>('SELECT sqlite_version() AS version').get();
  const version = row?.version ?? 'unknown';
  if (isSafeSqlite(version)) return;
  throw new DatabaseRefused(
    `SQLite ${version} can corrupt a WAL database; ${SQLITE_MIN.join('.')} or newer is needed. Update better-sqlite3.`,
  );
}

/** True for a version, like `3.51.3`, that is not known to corrupt a WAL database. */
export function isSafeSqlite(version: string): boolean {
  const parts = version.split('.').map(Number);
  const differs = SQLITE_MIN.findIndex((least, index) => parts[index] !== least);
  const least = SQLITE_MIN[differs];
  return least === undefined || (parts[differs] ?? 0) > least;
}
