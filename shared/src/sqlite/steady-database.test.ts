import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { SteadyDatabase, steadySql } from './steady-database.ts';

describe('a parameter', () => {
  it.each([
    ['SELECT a FROM t WHERE a = ? AND b < ?2 LIMIT ?', 'SELECT a FROM t WHERE a = +? AND b < +?2 LIMIT +?'],
    ['SELECT @state IS NULL, :a, $b', 'SELECT +@state IS NULL, +:a, +$b'],
    ["SELECT 'who''s? @me', \"a?\", ?", "SELECT 'who''s? @me', \"a?\", +?"],
    ["SELECT 1 -- isn't ? one\n, ?", "SELECT 1 -- isn't ? one\n, +?"],
  ])('gets its sign where it is one: %s', (sql, steady) => {
    expect(steadySql(sql)).toBe(steady);
  });

  it.each([[1], [-2.5], ['+7'], ['text'], [null], [2n ** 53n + 1n], [Buffer.from([0, 255])]])(
    'keeps its value and type: %s',
    (value) => {
      expect(stored(new SteadyDatabase(':memory:'), value)).toEqual(stored(new Database(':memory:'), value));
    },
  );
});

function stored(database: Database.Database, value: unknown): unknown {
  database.exec('CREATE TABLE t (value ANY) STRICT');
  database.prepare('INSERT INTO t (value) VALUES (?)').run(value);
  const row = database.prepare('SELECT value, typeof(value) AS type FROM t WHERE value IS @value').safeIntegers();
  const found = row.get({ value });
  database.close();
  expect(found).toBeDefined();
  return found;
}

describe('a statement', () => {
  it('is compiled when it is prepared, and not for each use', () => {
    expect(useByCompilation(new SteadyDatabase(':memory:'))).toBeLessThan(0.2);
  });

  it('is compiled for each use without it: the day this fails, it can go', () => {
    expect(useByCompilation(new Database(':memory:'))).toBeGreaterThan(0.5);
  });
});

/** How long one use takes, in compilations of the same statement. It joins so much that to run it is nothing beside that. */
function useByCompilation(database: Database.Database): number {
  const joins = Array.from({ length: 14 }, (_, index) => `JOIN t AS t${index} ON t${index}.a = t.b`).join(' ');
  const sql = `SELECT t.a FROM t ${joins} WHERE t.b = ? ORDER BY t.a LIMIT ?`;
  database.exec('CREATE TABLE t (a INTEGER, b INTEGER) STRICT; CREATE INDEX t_by_b ON t (b, a)');
  const statement = database.prepare(sql);
  const useMs = fastestMs(() => statement.all(1, 1));
  const compileMs = fastestMs(() => database.prepare(sql));
  database.close();
  return useMs / compileMs;
}

/** The fastest of many, so that what else the machine does plays no part. */
function fastestMs(work: () => unknown): number {
  const times = Array.from({ length: 30 }, () => {
    const startedMs = performance.now();
    work();
    return performance.now() - startedMs;
  });
  return Math.min(...times);
}
