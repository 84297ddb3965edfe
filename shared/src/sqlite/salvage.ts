import Database from 'better-sqlite3';
import { isDamage } from './database-check.ts';

/** What was read of one table. */
export type SalvagedTable = {
  readonly table: string;
  readonly rows: number;
  /** False: some of its pages cannot be read, and how many rows were on them nobody knows. */
  readonly isWhole: boolean;
};

type Column = { readonly name: string; readonly type: string; readonly pk: number };
type Row = readonly unknown[];
type Schema = { readonly name: string; readonly type: string; readonly sql: string | null };

/** A row takes six bytes of a page of 4,096 at least: https://www.sqlite.org/fileformat.html */
const ROWS_PER_PAGE_MAX = 682;
/** Keys of a gap that are stepped over: hundreds of pages. */
const STEP_MAX = 1 << 20;

/**
 * Copies every row that can still be read out of a damaged database into a new one of the same schema. The damaged one is only
 * read. Rows that the schema refuses (what a flipped bit made of them) are left out. Throws SQLite's own error where not even the
 * schema can be read.
 */
export function salvageRows(from: Database.Database, to: Database.Database): readonly SalvagedTable[] {
  const schema = from.prepare<[], Schema>('SELECT name, type, sql FROM sqlite_schema ORDER BY rowid').all();
  const tables = schema.filter(
    ({ type, name, sql }) => type === 'table' && sql !== null && !name.startsWith('sqlite_'),
  );
  for (const pragma of ['user_version', 'application_id']) {
    to.pragma(`${pragma} = ${Number(from.pragma(pragma, { simple: true }))}`);
  }
  to.pragma('foreign_keys = OFF');
  return to.transaction(() => {
    for (const { sql } of tables) to.exec(sql ?? '');
    const salvaged = tables.map(({ name }) => salvageTable(name, from, to));
    for (const { type, sql } of schema) if (type !== 'table' && sql !== null) to.exec(sql);
    return salvaged;
  })();
}

function salvageTable(table: string, from: Database.Database, to: Database.Database): SalvagedTable {
  const columns = from.pragma(`table_info(${quoted(table)})`) as Column[];
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  const insert = to.prepare(
    `INSERT OR IGNORE INTO ${quoted(table)} (${names}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  let rows = 0;
  const { isWhole } = readAll(table, { columns, names, from }, (row) => {
    rows += insertedOf(insert, row);
  });
  return { table, rows, isWhole };
}

/** 0 for a row that the schema refuses, by whatever rule. */
function insertedOf(insert: Database.Statement<unknown[]>, row: Row): number {
  try {
    return insert.run(...row).changes;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT')) return 0;
    throw error;
  }
}

type Reading = { readonly columns: readonly Column[]; readonly names: string; readonly from: Database.Database };

/**
 * Forwards until a page cannot be read, and then backwards from the other end; in a table whose key is a number also from
 * behind the gap on, as often as there are gaps.
 */
function readAll(
  table: string,
  { columns, names, from }: Reading,
  take: (row: Row) => void,
): { readonly isWhole: boolean } {
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  const order = (direction: string) => key.map(({ name }) => `${quoted(name)} ${direction}`).join(', ');
  const [only] = key;
  const rowid = key.length === 1 && only !== undefined && isRowid(from, table, only) ? only.name : undefined;
  const select = `SELECT ${names} FROM ${quoted(table)}`;
  if (rowid === undefined) {
    const orderBy = (direction: string) => (key.length === 0 ? '' : ` ORDER BY ${order(direction)}`);
    if (readRun(from, `${select}${orderBy('ASC')}`, [], take)) return { isWhole: true };
    if (key.length > 0) readRun(from, `${select}${orderBy('DESC')}`, [], take);
    return { isWhole: false };
  }
  const place = columns.findIndex(({ name }) => name === rowid);
  const behind = `${select} WHERE ${quoted(rowid)} > ? ORDER BY ${quoted(rowid)}`;
  let isWhole = true;
  for (let after: number | undefined = Number.MIN_SAFE_INTEGER; after !== undefined; ) {
    let last = 0;
    const isEnd = readRun(from, behind, [after], (row) => {
      last = Number(row[place]);
      take(row);
    });
    if (isEnd) return { isWhole };
    isWhole = false;
    after = readableAfter(last, (key) => readRun(from, `${behind} LIMIT 1`, [key], () => undefined));
  }
  // What lies behind a gap so wide is reached from the other end.
  readRun(from, `${select} ORDER BY ${quoted(rowid)} DESC`, [], take);
  return { isWhole };
}

/** The first key behind a gap after which rows can be read again; `undefined` when that is too far to look for. */
function readableAfter(key: number, isReadable: (after: number) => boolean): number | undefined {
  let step = 1;
  while (!isReadable(key + step)) {
    step *= 2;
    if (step > STEP_MAX) return undefined;
  }
  let spoilt = Math.floor(step / 2);
  while (step - spoilt > 1) {
    const middle = Math.floor((step + spoilt) / 2);
    if (isReadable(key + middle)) step = middle;
    else spoilt = middle;
  }
  return key + step;
}

/** False when it ended at a page that cannot be read, or did not end: damaged pages may lead in a circle. */
function readRun(from: Database.Database, sql: string, values: readonly number[], take: (row: Row) => void): boolean {
  let left = Number(from.pragma('page_count', { simple: true })) * ROWS_PER_PAGE_MAX;
  try {
    for (const row of from
      .prepare<unknown[], Row>(sql)
      .raw()
      .iterate(...values)) {
      if (left === 0) return false;
      left -= 1;
      take(row);
    }
    return true;
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
}

/** Whether the key is the row's own number, by which the table is laid out. */
function isRowid(database: Database.Database, table: string, { type }: Column): boolean {
  try {
    database.prepare(`SELECT rowid FROM ${quoted(table)} LIMIT 0`);
  } catch {
    return false;
  }
  return type.toUpperCase() === 'INTEGER';
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
