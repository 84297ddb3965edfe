import Database from 'better-sqlite3';

/** The data directory is in use by another process (or another node of this one). */
export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse';
}

/**
 * One owner per data directory, for the owner's life. An exclusive transaction on a lock file of its own: the operating
 * system drops it when the process dies however it dies, so there is never a stale lock to clean up, and SQLite keeps it
 * exclusive within one process too (plain POSIX locks are not).
 */
export class ProcessLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  static take(path: string): ProcessLock {
    const database = new Database(path, { timeout: 0 });
    try {
      database.pragma('journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
    } catch (cause) {
      database.close();
      if (cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')) {
        throw new DataDirectoryInUse(
          `${path} is held: another process owns this data directory. Stop it, or name another --data-dir.`,
          { cause },
        );
      }
      throw cause;
    }
    return new ProcessLock(database);
  }

  release(): void {
    this.#database.close();
  }
}
