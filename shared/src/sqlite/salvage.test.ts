import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pagesOf, spoilPages } from '../testing/spoil-pages.ts';
import { salvageRows } from './salvage.ts';

const ROWS = 5_000;

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'edgestock-salvage-'));
  path = join(directory, 'from.sqlite');
  const database = new Database(path);
  database.exec(`
    CREATE TABLE log (sequence INTEGER PRIMARY KEY, sku TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;
    CREATE INDEX log_by_sku ON log (sku);
    CREATE TABLE shelf (sku TEXT NOT NULL, bin TEXT NOT NULL, units INTEGER NOT NULL, PRIMARY KEY (sku, bin)) STRICT, WITHOUT ROWID;
    CREATE TABLE loose (note TEXT);
    PRAGMA user_version = 7;`);
  const log = database.prepare('INSERT INTO log (sequence, sku, bytes) VALUES (?, ?, ?)');
  const shelf = database.prepare('INSERT INTO shelf (sku, bin, units) VALUES (?, ?, ?)');
  const loose = database.prepare('INSERT INTO loose (note) VALUES (?)');
  database.transaction(() => {
    for (let n = 1; n <= ROWS; n += 1) {
      log.run(n, `sku-${n % 100}`, Buffer.alloc(40, n));
      shelf.run(`sku-${String(n).padStart(5, '0')}`, 'A-1', n);
      loose.run(`note ${n}`);
    }
  })();
  database.close();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function salvaged() {
  const from = new Database(path, { readonly: true });
  const to = new Database(':memory:');
  try {
    return { tables: salvageRows(from, to), to };
  } finally {
    from.close();
  }
}

it('copies a sound database row by row, with its indexes and its version', () => {
  const { tables, to } = salvaged();
  expect(tables).toEqual(['log', 'shelf', 'loose'].map((table) => ({ table, rows: ROWS, isWhole: true })));
  expect(to.pragma('user_version', { simple: true })).toBe(7);
  expect(to.prepare("SELECT name FROM sqlite_schema WHERE name = 'log_by_sku'").get()).toBeDefined();
  const of = (database: Database.Database) => database.prepare('SELECT sequence, sku, bytes FROM log').all();
  const from = new Database(path, { readonly: true });
  expect(of(to)).toEqual(of(from));
  from.close();
});

it('reads on behind every page that cannot be read, where the key is a number', () => {
  const pages = pagesOf(path, 'log');
  const spoilt = [4, 9, 10, 20].map((at) => pages[at] ?? 0);
  spoilPages(path, spoilt);
  const [log] = salvaged().tables;
  expect(log).toMatchObject({ table: 'log', isWhole: false });
  const perPage = ROWS / pages.length;
  expect(log?.rows).toBeGreaterThan(ROWS - perPage * (spoilt.length + 2));
  expect(log?.rows).toBeLessThan(ROWS);
});

it('reads from both ends towards one that cannot be read, where it is a text', () => {
  const pages = pagesOf(path, 'shelf');
  spoilPages(path, [pages[Math.floor(pages.length / 2)] ?? 0]);
  const { tables, to } = salvaged();
  expect(tables[1]).toMatchObject({ table: 'shelf', isWhole: false });
  expect(tables[1]?.rows).toBeGreaterThan(ROWS - (3 * ROWS) / pages.length);
  const ends = to.prepare('SELECT min(units) AS first, max(units) AS last FROM shelf').get();
  expect(ends).toEqual({ first: 1, last: ROWS });
  expect(to.pragma('integrity_check', { simple: true })).toBe('ok');
});

it('needs no index to be whole, and leaves the damaged file as it is', () => {
  spoilPages(path, pagesOf(path, 'log_by_sku'));
  const before = readFileSync(path);
  const { tables, to } = salvaged();
  expect(tables.every(({ isWhole, rows }) => isWhole && rows === ROWS)).toBe(true);
  expect(to.prepare("SELECT count(*) AS rows FROM log WHERE sku = 'sku-7'").get()).toEqual({ rows: ROWS / 100 });
  expect(readFileSync(path).equals(before)).toBe(true);
});

it('leaves out what the schema refuses', () => {
  // What a flipped bit can make of a row, with the rule taken away meanwhile.
  rewriteSchema("replace(sql, 'units INTEGER NOT NULL', 'units INTEGER')");
  const spoiler = new Database(path);
  spoiler.exec("UPDATE shelf SET units = NULL WHERE sku = 'sku-00009'");
  spoiler.close();
  rewriteSchema("replace(sql, 'units INTEGER', 'units INTEGER NOT NULL')");
  expect(salvaged().tables[1]).toEqual({ table: 'shelf', rows: ROWS - 1, isWhole: true });
});

function rewriteSchema(expression: string): void {
  const database = new Database(path).unsafeMode();
  database.pragma('writable_schema = ON');
  database.exec(`UPDATE sqlite_schema SET sql = ${expression} WHERE name = 'shelf'`);
  database.close();
}

it('fails with the words of SQLite where not even the schema is left', () => {
  writeFileSync(path, Buffer.alloc(8_192, 1));
  expect(salvaged).toThrow(expect.objectContaining({ code: 'SQLITE_NOTADB' }));
});
