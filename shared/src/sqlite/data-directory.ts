import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { OperatingFailure } from '../runtime/operating-failure.ts';
import { ProcessLock } from './process-lock.ts';

/** A data directory cannot be made, or the disk does not let what is in it be opened. */
export class DataDirectoryUnusable extends OperatingFailure {
  override readonly name = 'DataDirectoryUnusable';

  /** `setting` is what the operator names the directory by. */
  constructor(message: string, { setting, cause }: { readonly setting: string; readonly cause: unknown }) {
    const hint = isFull(cause)
      ? 'The disk is full: free some space and start again. Nothing that was recorded is lost.'
      : `Name a directory on a sound disk that this user may write: ${setting}.`;
    super(message, hint, { cause });
  }
}

/**
 * Makes a data directory where there is none, and its owner of the caller. Throws `DataDirectoryUnusable` and, while another
 * process owns it, `DataDirectoryInUse`.
 */
export function takeDataDirectory(
  directory: string,
  { lock, setting }: { readonly lock: string; readonly setting: string },
): ProcessLock {
  makeDataDirectory(directory, { setting });
  try {
    return ProcessLock.take(join(directory, lock));
  } catch (cause) {
    if (!isDiskTrouble(cause)) throw cause;
    throw new DataDirectoryUnusable(`the data directory ${directory} cannot be written`, { setting, cause });
  }
}

/** Makes a directory with all that is above it. Throws `DataDirectoryUnusable`. */
export function makeDataDirectory(directory: string, { setting }: { readonly setting: string }): void {
  try {
    // Taken for the one where the caller stands, it would be filled with what nobody looks for there.
    if (directory === '') throw new Error('its name is empty');
    makeDirectory(resolve(directory));
  } catch (cause) {
    throw new DataDirectoryUnusable(`the data directory ${directory} cannot be made`, { setting, cause });
  }
}

/** What SQLite throws when the disk, and not what is on it, is the trouble. */
export function isDiskTrouble(error: unknown): boolean {
  return error instanceof Database.SqliteError && diskTrouble.some((code) => error.code.startsWith(code));
}

const diskTrouble = ['SQLITE_FULL', 'SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_IOERR'];

function isFull(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'SQLITE_FULL' || cause.code === 'ENOSPC');
}

/**
 * Step by step. Asked to do it at once (`recursive`), Node takes "no such directory" for the lack of the one above, and where a
 * file system says that of a directory which is there (/proc), it asks for ever, on the thread of all that waits.
 */
function makeDirectory(directory: string): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const above = dirname(directory);
  if (!existsSync(above)) makeDirectory(above);
  try {
    mkdirSync(directory);
  } catch (error) {
    // Somebody else made it at the same moment.
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
