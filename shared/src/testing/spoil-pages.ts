import { readFileSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Numbers of the leaf pages of a table or an index of a database that nobody has open, in the order of its keys. */
export function pagesOf(path: string, name: string): readonly number[] {
  const database = new Database(path);
  try {
    // A database in use keeps pages in its log.
    database.pragma('wal_checkpoint(TRUNCATE)');
    return database
      .prepare<[string], number>("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path")
      .pluck()
      .all(name);
  } finally {
    database.close();
  }
}

/** What a disk may make of pages: none of them can be read as one any more. */
export function spoilPages(path: string, pages: readonly number[]): void {
  const bytes = readFileSync(path);
  // Where the file says how large they are: https://www.sqlite.org/fileformat.html#the_database_header
  const size = bytes.readUInt16BE(16);
  for (const page of pages) bytes.fill(0xff, (page - 1) * size, page * size);
  writeFileSync(path, bytes);
}
