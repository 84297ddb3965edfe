import { getTableConfig } from 'drizzle-orm/sqlite-core';
import { expect, it } from 'vitest';
import { migratedPglite } from '../../testing/migrated-pglite.ts';
import { tables } from '../sqlite/schema.ts';

const pg = migratedPglite();

type Column = { readonly table: string; readonly column: string; readonly type: string; readonly nullable: boolean };

/** As a reader would tell: `node.epoch bigint`, `node.fence_reason text?`. */
const inWords = ({ table, column, type, nullable }: Column) => `${table}.${column} ${type}${nullable ? '?' : ''}`;

/** PostgreSQL's type for a column of SQLite's, whose flags are numbers. */
function typeOf(column: { getSQLType(): string; dataType: string }): string {
  if (column.dataType === 'boolean') return 'boolean';
  return { integer: 'bigint', text: 'text', blob: 'bytea' }[column.getSQLType()] ?? column.getSQLType();
}

it('keeps what the SQLite store keeps, in the same columns, but for what is said here', async () => {
  const sqlite = tables.flatMap((table) => {
    const { name, columns } = getTableConfig(table);
    return columns.map((column) =>
      inWords({ table: name, column: column.name, type: typeOf(column), nullable: !column.notNull }),
    );
  });
  const columns = await pg.session.rows<Column>(
    `SELECT c.table_name AS "table", c.column_name AS "column", c.data_type AS type, c.is_nullable = 'YES' AS nullable
     FROM information_schema.columns c JOIN pg_class t ON t.relname = c.table_name AND NOT t.relispartition
     WHERE c.table_schema = 'public'`,
  );
  const postgres = columns.map(inWords);
  expect(postgres.filter((column) => !sqlite.includes(column)).sort()).toEqual([
    // Only a store on a server is shared.
    'lane.lane bigint',
    'lane.owned_until bigint',
    'lane.worker text',
    // How writers of several processes know that another has written, and changed what they keep at hand.
    'meta.structure bigint',
    'meta.writer text',
    'node.positions_by text',
    // SQLite's file has a number of its own for this.
    'schema_step.name text',
    'schema_step.step bigint',
    'worker.alive_until bigint',
    'worker.worker text',
  ]);
  expect(sqlite.filter((column) => !postgres.includes(column))).toEqual([]);
});

it('has the indices of the SQLite store', async () => {
  const sqlite = tables.flatMap((table) => getTableConfig(table).indexes.map(({ config }) => config.name));
  const rows = await pg.session.rows<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid
     WHERE c.relkind IN ('i', 'I') AND NOT c.relispartition AND NOT i.indisprimary
       AND c.relnamespace = 'public'::regnamespace`,
  );
  const postgres = rows.map(({ name }) => name);
  // The key of its table there; and one that pages of reservations are merged from, step by step, as only a file answers fast enough.
  expect(sqlite.filter((name) => !postgres.includes(name))).toEqual(['batch_by_place', 'reservation_by_kind']);
  // SQLite gives the index of a unique column no name of ours.
  expect(postgres.filter((name) => !sqlite.includes(name)).toSorted()).toEqual([
    'allocation_by_task',
    'reservation_by_age',
    'reservation_by_channel',
    'reservation_by_state',
  ]);
});

it('orders whatever is looked up or listed by code point, in whatever language the database is', async () => {
  const rows = await pg.session.rows<{ column: string; collation: string }>(
    `SELECT DISTINCT t.relname || '.' || a.attname AS "column", l.collname AS collation
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid AND NOT t.relispartition
       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(i.indkey)
       JOIN pg_collation l ON l.oid = a.attcollation
     WHERE t.relnamespace = 'public'::regnamespace`,
  );
  expect(rows.length).toBeGreaterThan(40);
  // Words of ours, which are only ever compared.
  const own = ['orders.state', 'reservation.state', 'transfer.state'];
  const others = rows.filter(({ column, collation }) => collation !== 'C' && !own.includes(column));
  expect(others).toEqual([]);
});

it('spreads positions and logs over partitions by warehouse, and answers by SKU', async () => {
  const rows = await pg.session.rows<{ table: string; key: string; parts: number }>(
    `SELECT p.partrelid::regclass::text AS "table", pg_get_partkeydef(p.partrelid) AS key,
       (SELECT count(*) FROM pg_inherits h WHERE h.inhparent = p.partrelid) AS parts
     FROM pg_partitioned_table p ORDER BY p.partrelid::regclass::text COLLATE "C"`,
  );
  expect(rows.map(({ table, key, parts }) => `${table} ${key} ${parts}`)).toEqual([
    '"position" HASH (warehouse) 8',
    'availability HASH (sku) 8',
    'batch HASH (warehouse) 8',
  ]);
});
