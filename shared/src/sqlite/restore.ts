import { copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { BackupRefused } from './backup.ts';
import { takeDataDirectory } from './data-directory.ts';
import { assertWhole, flushed, freeName, NEW_FILE, removed, sidecars, sync } from './database-file.ts';
import { DatabaseRefused } from './open-database.ts';
import type { ProcessLock } from './process-lock.ts';

export type Restored = {
  readonly path: string;
  /** Where the database is kept that was there before; absent when there was none. */
  readonly kept?: string;
};

export type RestoreOptions = {
  readonly from: string;
  readonly directory: string;
  /** Name of the database in the directory. */
  readonly file: string;
  /** Name of the lock in the directory that the owner of the database holds. */
  readonly lock: string;
  /** What an operator names the directory by. */
  readonly setting: string;
  readonly replace: boolean;
  /** Wall time, milliseconds since 1970 UTC: part of the name of what is kept. */
  readonly now: number;
};

/**
 * Puts a backup in the place of a database. Nobody may own the directory meanwhile (`DataDirectoryInUse`). A database that is
 * there is refused without `replace`, and with it kept aside, never deleted. Sidecars of an old database are never left beside
 * the new one, which they would damage. The backup is checked before anything is moved: `check` throws when it is not the right
 * one. Throws `BackupRefused` and `DataDirectoryUnusable`.
 */
export function restoreDatabase(
  options: RestoreOptions & { readonly check: (backup: Database.Database) => void },
): Restored {
  const restore = new Restore(options);
  try {
    options.check(restore.open());
    return restore.complete();
  } catch (error) {
    throw restore.refusalOf(error);
  } finally {
    restore.end();
  }
}

/** The same for a check that takes its time. */
export async function restoreDatabaseLater(
  options: RestoreOptions & { readonly check: (backup: Database.Database) => Promise<void> },
): Promise<Restored> {
  const restore = new Restore(options);
  try {
    await options.check(restore.open());
    return restore.complete();
  } catch (error) {
    throw restore.refusalOf(error);
  } finally {
    restore.end();
  }
}

/** One on its way: the directory is locked from its making to its end. */
class Restore {
  readonly #options: RestoreOptions;
  readonly #lock: ProcessLock;
  readonly #path: string;
  readonly #draft: string;
  #backup: Database.Database | undefined;

  constructor(options: RestoreOptions) {
    refuseNoBackup(options.from);
    this.#options = options;
    this.#path = join(options.directory, options.file);
    this.#draft = `${this.#path}${NEW_FILE}`;
    this.#lock = takeDataDirectory(options.directory, options);
  }

  /** A copy of the backup, which is whole. */
  open(): Database.Database {
    const { from, directory, replace } = this.#options;
    if (resolve(from) === resolve(this.#path)) {
      throw new BackupRefused(`${from} is the database itself`, 'Name the backup that should take its place.');
    }
    if (existsSync(this.#path) && !replace) {
      throw new BackupRefused(
        `there is a database in ${directory} already`,
        'With --replace it is kept aside under another name, and the backup takes its place. What it has recorded since the backup is only in it.',
      );
    }
    removed(this.#draft);
    copyFileSync(from, this.#draft);
    this.#backup = new Database(this.#draft, { fileMustExist: true });
    assertWhole(this.#backup, from);
    return this.#backup;
  }

  complete(): Restored {
    this.#backup?.close();
    const kept = existsSync(this.#path) ? keptAside(this.#path, this.#options.now) : undefined;
    for (const suffix of sidecars) rmSync(`${this.#path}${suffix}`, { force: true });
    flushed(this.#draft, this.#path);
    return { path: this.#path, ...(kept === undefined ? {} : { kept }) };
  }

  /** What to say of a copy that cannot be read. */
  refusalOf(error: unknown): unknown {
    if (!(error instanceof Database.SqliteError || error instanceof DatabaseRefused)) return error;
    const said = `${this.#options.from} is no database, or a damaged one`;
    return new BackupRefused(said, 'Name another backup. Nothing was changed.', { cause: error });
  }

  end(): void {
    this.#backup?.close();
    removed(this.#draft);
    this.#lock.release();
  }
}

function refuseNoBackup(from: string): void {
  if (statSync(from, { throwIfNoEntry: false })?.isFile() !== true)
    throw new BackupRefused(`there is no file ${from}`, 'Name the file that a backup has written.');
  // A database in use is not whole without its log, and a copy of both, made while it was written, need not be either.
  const hasLog = sidecars.some((suffix) => (statSync(`${from}${suffix}`, { throwIfNoEntry: false })?.size ?? 0) > 0);
  if (hasLog) {
    throw new BackupRefused(
      `${from} has a log of its own beside it: it is a database in use, or a copy of one, and no backup`,
      'Make a backup of it with the command for that, and restore that.',
    );
  }
}

/** The old database under a name of its own, with its log inside it where that can still be read. */
function keptAside(path: string, now: number): string {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]/g, '').replace(/\..*/, 'Z');
  const kept = freeName(`${path}.replaced-${stamp}`);
  emptyLog(path);
  // Its log first: it must not be found beside another database.
  for (const suffix of sidecars) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${kept}${suffix}`);
  }
  // Under both names until the new one takes its place: whoever starts after a crash in between must not find none, and begin anew.
  linkedOrCopied(path, kept);
  sync(resolve(path, '..'));
  return kept;
}

/** Not every file system has links. */
function linkedOrCopied(path: string, kept: string): void {
  try {
    linkSync(path, kept);
  } catch {
    copyFileSync(path, kept);
    sync(kept);
  }
}

/** One that cannot be opened keeps its log beside it: whoever repairs it may need both. */
function emptyLog(path: string): void {
  try {
    const database = new Database(path, { fileMustExist: true });
    try {
      database.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      database.close();
    }
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) throw error;
  }
}
