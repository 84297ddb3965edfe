import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { OperatingFailure } from '../runtime/operating-failure.ts';
import { isDamage } from './database-check.ts';
import { assertWhole, flushed, NEW_FILE, removed } from './database-file.ts';

/** The copy cannot be made or taken as it was asked for; nothing was changed. `hint` says what to do. */
export class BackupRefused extends OperatingFailure {
  override readonly name = 'BackupRefused';
}

export type Backup = { readonly path: string; readonly bytes: number };

/**
 * Copies a database into one file while its owner goes on writing: the state of one commit, whole or not there at all. The copy
 * gets its name only when it has been checked and flushed. `stamp` may write into it first: that it is a copy, for example.
 *
 * `VACUUM INTO` and not the driver's online backup: that begins anew whenever another connection commits, which under traffic is
 * for ever; this is one read transaction. It keeps the write-ahead log from being cut as long as it takes.
 *
 * Throws `BackupRefused`; an existing file is never overwritten.
 */
export function backUpDatabase(options: {
  readonly from: string;
  readonly to: string;
  readonly stamp?: (copy: Database.Database) => void;
}): Backup {
  const { from, to, stamp } = options;
  if (!existsSync(from))
    throw new BackupRefused(`there is no database ${from}`, 'Name the data directory that has one.');
  refuseExisting(to);
  const directory = dirname(to);
  if (!existsSync(directory))
    throw new BackupRefused(`there is no directory ${directory}`, 'Make it, or name another file.');
  const draft = `${to}.${process.pid}${NEW_FILE}`;
  try {
    copyInto(from, draft);
    const copy = new Database(draft, { fileMustExist: true });
    try {
      // A file of its own without a log beside it: what is in it is all there is.
      copy.pragma('journal_mode = DELETE');
      copy.pragma('synchronous = FULL');
      stamp?.(copy);
      assertWhole(copy, draft);
    } finally {
      copy.close();
    }
    // Looked at once more: the copy may have taken minutes.
    refuseExisting(to);
    flushed(draft, to);
  } catch (error) {
    removed(draft);
    throw explained(error, to);
  }
  return { path: to, bytes: statSync(to).size };
}

/** Read only: a reader neither checkpoints nor touches what the owner of the database does. */
function copyInto(from: string, draft: string): void {
  removed(draft);
  const database = new Database(from, { readonly: true, fileMustExist: true });
  try {
    database.pragma('mmap_size = 0');
    database.pragma('busy_timeout = 5000');
    database.prepare('VACUUM INTO ?').run(draft);
  } finally {
    database.close();
  }
}

function refuseExisting(path: string): void {
  if (existsSync(path))
    throw new BackupRefused(`${path} exists already`, 'Name another file, or move that one away first.');
}

/** Trouble with the disk in words; what is no trouble with the disk passes as it is. */
function explained(error: unknown, to: string): unknown {
  if (isDamage(error)) {
    const hint = 'No backup of a damaged database is whole. Start what it belongs to: it says what can be done.';
    return new BackupRefused('the database is damaged, and nothing was written', hint, { cause: error });
  }
  if (error instanceof Database.SqliteError) {
    const isFull = error.code === 'SQLITE_FULL' || error.code.startsWith('SQLITE_IOERR');
    const hint = isFull
      ? 'A backup needs as much room as the database. Free some, or name a file on another disk.'
      : 'See that the file can be written, and the database be read, by this user.';
    return new BackupRefused(`no backup could be written to ${to}`, hint, { cause: error });
  }
  return error;
}
