import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
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
  #isSettled = false;

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
    if (this.#isFileGone()) {
      this.settle();
      throw new StoreGone(this.#path);
    }
    this.#isSettled = false;
    if (this.#log === undefined || isSame(fileIdOf(this.#logPath), this.#log)) return;
    if (!this.#emptyLog()) throw new StoreGone(this.#logPath);
    throw new StoreLogGone(this.#logPath);
  }

  /**
   * Brings what the log holds into the file that was taken away, once. The log keeps its name: beside another file it would damage that, and
   * beside none the next start would delete it.
   */
  settle(): void {
    if (this.#isSettled || !this.#isFileGone()) return;
    try {
      this.#isSettled = this.#emptyLog();
    } catch (error) {
      // The disk is away as well, or full: the log stays as it is.
      if (!(error instanceof Database.SqliteError)) throw error;
    }
  }

  #isFileGone(): boolean {
    return this.#file !== undefined && !isSame(fileIdOf(this.#path), this.#file);
  }

  /** False while somebody reads. */
  #emptyLog(): boolean {
    const [result] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
    return result?.busy === 0;
  }
}

function isSame(found: FileId | undefined, held: FileId): boolean {
  return found?.inode === held.inode && found.device === held.device;
}
