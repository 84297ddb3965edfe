import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { blob, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What is kept of the part of a log down that is gone: one step of the schema. Append only, like all of them. */
export const downTrimTables: Migration = {
  name: 'the logs down are trimmed',
  sql: `
    -- Where a node's log begins now: after this place, whose chain hash stays. Absent = it is whole.
    CREATE TABLE down_trim (
      warehouse TEXT    NOT NULL PRIMARY KEY,
      sequence  INTEGER NOT NULL CHECK (sequence > 0),
      hash      BLOB    NOT NULL CHECK (length(hash) = 32)
    ) STRICT, WITHOUT ROWID;

    -- Now and then noted: how far the node had carried its log out by then.
    CREATE TABLE down_mark (
      warehouse TEXT    NOT NULL,
      -- By central's clock, ms.
      at        INTEGER NOT NULL,
      sequence  INTEGER NOT NULL CHECK (sequence >= 0),
      PRIMARY KEY (warehouse, at)
    ) STRICT, WITHOUT ROWID;

    -- Finds out whether a body is still part of any log.
    CREATE INDEX directive_by_body ON directive (body) WHERE body IS NOT NULL;
  `,
};

/** The tables as TypeScript sees them; `schema.test.ts` holds the two equal. */
export const downTrim = sqliteTable('down_trim', {
  warehouse: text('warehouse').primaryKey().notNull(),
  sequence: integer('sequence').notNull(),
  hash: blob('hash', { mode: 'buffer' }).notNull(),
});

export const downMark = sqliteTable(
  'down_mark',
  {
    warehouse: text('warehouse').notNull(),
    at: integer('at').notNull(),
    sequence: integer('sequence').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.at] })],
);
