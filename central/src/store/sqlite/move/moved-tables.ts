import { getTableConfig, type SQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { ColumnKind, MovedTable } from '../../move/moved-table.ts';
import { tables } from '../schema.ts';

/** What each end knows of its own move, and never of the other's. */
const ofTheMove = ['move_state', 'move_id', 'move_other'];

/** PostgreSQL has no index by the id of a batch, and both have one by its place. */
const otherKeys: Readonly<Record<string, readonly string[]>> = { batch: ['warehouse', 'last_sequence'] };

/**
 * Every table of the store, from the schema of SQLite's, to which tests hold both what its migrations make and what those of
 * PostgreSQL make: whatever is added goes over.
 */
export const movedTables: readonly MovedTable[] = tables.map((table) => {
  const { name, columns, primaryKeys } = getTableConfig(table);
  const declared = primaryKeys.flatMap((key) => key.columns.map((column) => column.name));
  const key = declared.length > 0 ? declared : columns.filter(({ primary }) => primary).map((column) => column.name);
  return {
    name,
    columns: columns
      .filter((column) => name !== 'meta' || !ofTheMove.includes(column.name))
      .map((column) => ({ name: column.name, kind: kindOf(column) })),
    key: otherKeys[name] ?? key,
  };
});

function kindOf(column: SQLiteColumn): ColumnKind {
  if (column.dataType === 'boolean') return 'flag';
  const type = column.getSQLType();
  if (type === 'integer' || type === 'text') return type;
  return 'bytes';
}
