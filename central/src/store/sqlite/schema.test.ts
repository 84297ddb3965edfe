import { migrate } from '@edgestock/shared/sqlite/migrate';
import Database from 'better-sqlite3';
import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { expect, it } from 'vitest';
import { migrations } from './migrations.ts';
import { tables } from './schema.ts';

type ColumnInfo = { name: string; type: string; notnull: number; pk: number };

function migrated(): Database.Database {
  const database = new Database(':memory:');
  migrate(database, migrations);
  return database;
}

it('describes in TypeScript exactly the columns that the migrations make', () => {
  const database = migrated();
  for (const table of tables) {
    const { name, columns, primaryKeys } = getTableConfig(table);
    const actual = database
      .prepare<[], ColumnInfo>(`SELECT name, type, "notnull", pk FROM pragma_table_info('${name}')`)
      .all();
    const keyColumns = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
    const mirrored = columns.map((column) => ({
      name: column.name,
      type: column.getSQLType().toUpperCase(),
      notnull: column.notNull ? 1 : 0,
      isKey: column.primary || keyColumns.includes(column.name),
    }));
    expect(mirrored, name).toEqual(actual.map(({ pk, ...column }) => ({ ...column, isKey: pk > 0 })));
  }
});

it('describes every table and index there is', () => {
  const database = migrated();
  const named = (type: string) =>
    database
      .prepare<[string], { name: string }>(
        "SELECT name FROM sqlite_schema WHERE type = ? AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all(type)
      .map(({ name }) => name);
  const configs = tables.map(getTableConfig);
  expect(configs.map(({ name }) => name).sort()).toEqual(named('table'));
  expect(configs.flatMap(({ indexes }) => indexes.map(({ config }) => config.name)).sort()).toEqual(named('index'));
});

it('keeps every table strict', () => {
  const loose = migrated()
    .prepare<[], { name: string }>(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
    )
    .all();
  expect(loose).toEqual([]);
});

it('keeps every position when its table is made anew, and the table as it was but for the one check', () => {
  const database = new Database(':memory:');
  migrate(database, migrations.slice(0, 1));
  database.exec(`
    INSERT INTO position (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
      log_sequence, at, suspect)
    VALUES ('A', 'BER1', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1), ('A', 'HAM1', -1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0)`);
  const columns = `sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence,
    log_sequence, at, suspect`;
  const rows = () => database.prepare(`SELECT ${columns} FROM position ORDER BY sku, warehouse`).all();
  const before = rows();
  migrate(database, migrations);
  expect(before).toHaveLength(2);
  expect(rows()).toEqual(before);
  const { wr } = database
    .prepare<[], { wr: number }>("SELECT wr FROM pragma_table_list WHERE name = 'position' AND schema = 'main'")
    .get() ?? { wr: 0 };
  expect(wr).toBe(1);
  expect(() => database.exec('UPDATE position SET reserved = -1')).toThrow('CHECK');
  database.exec('UPDATE position SET unsellable = -1');
});
