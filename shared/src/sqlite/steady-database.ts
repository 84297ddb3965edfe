import Database from 'better-sqlite3';

/**
 * A database whose statements are compiled once, when they are prepared, and never again.
 *
 * Left alone, SQLite may compile a statement anew when a value is bound to it, since another plan may suit that value better; it
 * does so for most that sort, join or have a limit (3.54). The driver clears all values after each use, which counts as a change:
 * such a statement is compiled for every single use. That took 10 to 60 µs where the lookup itself took 1 to 3, and half of the
 * time of a reservation. SQLite has a switch against it (QPSG), but no driver and no pragma reaches it. A parameter with a plus
 * sign before it is an expression of which the planner knows no value. Our plans never depended on one: no statistics are kept.
 */
export class SteadyDatabase extends Database {
  override prepare<Parameters extends unknown[] | object = unknown[], Row = unknown>(sql: string) {
    return super.prepare<Parameters, Row>(steadySql(sql));
  }
}

/** A parameter, outside of text, names and comments. */
const PARAMETER = /'(?:[^']|'')*'|"[^"]*"|--[^\n]*|(\?\d*|[@:$]\w+)/g;

/** The same statement, each parameter behind a plus sign, which changes no value of whatever type. */
export function steadySql(sql: string): string {
  return sql.replace(PARAMETER, (found, parameter?: string) => (parameter === undefined ? found : `+${parameter}`));
}
