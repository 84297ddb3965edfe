import Database, { type Statement } from 'better-sqlite3';

/** 64 MiB of pages, whatever the size of the file that is checked. */
const CACHE_KIB = 64 * 1024;
/** Several thousand inserts to a transaction: it is thrown away anyway, but an implicit one costs more than the insert. */
const ROWS_PER_TRANSACTION = 20_000;

/**
 * What a file said before, for finding contradictions between its lines. A private database without a name: SQLite keeps it
 * in a temporary file beyond its page cache and removes it when it is closed, so memory stays flat for a million rows where a
 * Map of them takes some hundred megabytes.
 */
export class ImportScratch {
  readonly #database = new Database('');
  readonly #insert: Statement<[string, string, number]>;
  readonly #find: Statement<[string], { value: string; line: number }>;
  #inTransaction = 0;

  constructor() {
    this.#database.pragma('journal_mode = OFF');
    this.#database.pragma('synchronous = OFF');
    this.#database.pragma(`cache_size = ${-CACHE_KIB}`);
    this.#database.exec(
      'CREATE TABLE said (key TEXT PRIMARY KEY, value TEXT NOT NULL, line INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    );
    this.#insert = this.#database.prepare(
      'INSERT INTO said (key, value, line) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING',
    );
    this.#find = this.#database.prepare('SELECT value, line FROM said WHERE key = ?');
  }

  /** Notes what a line says about a key; what an earlier line said about it, if one did. */
  note(key: string, value: string, line: number): { readonly value: string; readonly line: number } | undefined {
    if (this.#inTransaction === 0) this.#database.exec('BEGIN');
    const { changes } = this.#insert.run(key, value, line);
    this.#inTransaction = (this.#inTransaction + 1) % ROWS_PER_TRANSACTION;
    if (this.#inTransaction === 0) this.#database.exec('COMMIT');
    return changes === 1 ? undefined : this.#find.get(key);
  }

  close(): void {
    this.#database.close();
  }
}
