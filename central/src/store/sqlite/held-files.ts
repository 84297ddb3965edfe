import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { StoreGone, StoreLogGone } from '../store-gone.ts';

/** Which file it is that has a name. */
export type FileId = { readonly device: number; readonly inode: number };

/** `undefined` where there is none of that name. */
export function fileIdOf(path: string): FileId | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { device: found.dev, inode: found.ino };
}

/** Throws `StoreGone` when another file has the name, or none has. */
export function refuseOther(path: string, held: FileId): void {
  if (!isSame(fileIdOf(path), held)) throw new StoreGone(path);
}

/**
 * The two files of a database in use, which somebody may take away under it: SQLite goes on writing to what has no name any more, and all of
 * that is gone with the process (P1). Looking takes 3 µs for each of the two.
 */
export class HeldFiles {
  readonly #database: Database.Database;
  readonly #path: string;
  readonly #logPath: string;
  readonly #file: FileId | undefined;
  readonly #log: FileId | undefined;

  /** Of a database that has been written to or read; one that is in memory has no files. */
  constructor(database: Database.Database) {
    this.#database = database;
    this.#path = database.name;
    this.#logPath = `${database.name}-wal`;
    this.#file = fileIdOf(this.#path);
    this.#log = fileIdOf(this.#logPath);
  }

  /** Throws `StoreGone`, or `StoreLogGone` when what the log held is in the store's file. */
  refuseOthers(): void {
    if (this.#file !== undefined) refuseOther(this.#path, this.#file);
    if (this.#log === undefined || isSame(fileIdOf(this.#logPath), this.#log)) return;
    const [result] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
    if (result?.busy !== 0) throw new StoreGone(this.#logPath);
    throw new StoreLogGone(this.#logPath);
  }
}

function isSame(found: FileId | undefined, held: FileId): boolean {
  return found?.inode === held.inode && found.device === held.device;
}
