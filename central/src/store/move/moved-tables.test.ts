import { migrate } from '@edgestock/shared/sqlite/migrate';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { migratedPglite } from '../../testing/migrated-pglite.ts';
import { migrations } from '../sqlite/migrations.ts';
import { movedTables } from '../sqlite/move/moved-tables.ts';

const pg = migratedPglite();

type Column = { readonly table: string; readonly column: string };
const inWords = ({ table, column }: Column) => `${table}.${column}`;
const moved = movedTables.flatMap(({ name, columns }) =>
  columns.map((column) => inWords({ table: name, column: column.name })),
);
/** What a store knows of itself alone. */
const ofTheMove = ['meta.move_id', 'meta.move_other', 'meta.move_state'];

function inFile(): Database.Database {
  const database = new Database(':memory:');
  migrate(database, migrations);
  return database;
}

it('goes over from a file with every column of every table, but for what is said here', () => {
  const columns = inFile()
    .prepare<[], Column>(
      `SELECT t.name AS "table", c.name AS "column" FROM sqlite_schema t JOIN pragma_table_info(t.name) c
       WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
    )
    .all()
    .map(inWords);
  expect(columns.filter((column) => !moved.includes(column)).sort()).toEqual(ofTheMove);
  expect(moved.filter((column) => !columns.includes(column))).toEqual([]);
});

it('goes over from a database of a server, too', async () => {
  const rows = await pg.session.rows<Column>(
    `SELECT c.table_name AS "table", c.column_name AS "column"
     FROM information_schema.columns c JOIN pg_class t ON t.relname = c.table_name AND NOT t.relispartition
     WHERE c.table_schema = 'public'`,
  );
  const columns = rows.map(inWords);
  expect(columns.filter((column) => !moved.includes(column)).sort()).toEqual(
    // How processes that share a store know of one another, and which steps the schema has had: of the processes there, not of the store.
    [
      ...['lane.lane', 'lane.owned_until', 'lane.worker', 'node.positions_by', 'worker.alive_until', 'worker.worker'],
      ...[...ofTheMove, 'meta.structure', 'meta.writer', 'schema_step.name', 'schema_step.step'],
    ].sort(),
  );
  expect(moved.filter((column) => !columns.includes(column))).toEqual([]);
});

it('is read by a key that no two rows share, and that an index of both engines has', async () => {
  const file = inFile();
  const inServer = await pg.session.rows<{ readonly table: string; readonly key: string }>(
    `SELECT t.relname AS "table", string_agg(a.attname, ',' ORDER BY k.place) AS key
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
       CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place)
       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
     WHERE i.indisunique AND i.indpred IS NULL
     GROUP BY t.relname, i.indexrelid`,
  );
  for (const { name, key } of movedTables) {
    expect(inServer, name).toContainEqual({ table: name, key: key.join() });
    const plan = file.prepare<[], { detail: string }>(
      `EXPLAIN QUERY PLAN SELECT 1 FROM "${name}" ORDER BY ${key.map((one) => `"${one}"`).join(', ')}`,
    );
    expect(
      plan
        .all()
        .map(({ detail }) => detail)
        .join(),
      name,
    ).not.toContain('TEMP B-TREE');
  }
});
