import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What a new epoch of central has to find out from the nodes: one step of the schema. Append only, like all of them. */
export const epochTables: Migration = {
  name: 'epochs of central',
  sql: `
    -- When the present epoch began, by central's clock (ms), and why; NULL = with the store.
    ALTER TABLE meta ADD COLUMN epoch_began_at INTEGER;
    ALTER TABLE meta ADD COLUMN epoch_reason TEXT;
    -- When this copy was made as a backup (ms); NULL = it is none. A store that is one begins another epoch before anything else.
    ALTER TABLE meta ADD COLUMN backed_up_at INTEGER;

    -- 1 = its node has said that it has the task. Of those from before this step nobody knows, and they count as such.
    ALTER TABLE allocation ADD COLUMN is_heard INTEGER NOT NULL DEFAULT 1 CHECK (is_heard IN (0, 1));

    -- Warehouses of which nothing is promised: central may have forgotten what it promised of them. A row goes when central has
    -- the node's log up to the place that the node stated in this epoch. Mostly empty.
    CREATE TABLE unsettled (
      warehouse TEXT    NOT NULL PRIMARY KEY,
      -- That place; NULL = the node has not been heard in this epoch.
      until     INTEGER CHECK (until >= 0)
    ) STRICT, WITHOUT ROWID;

    -- Units that nodes were told to ship by a central that this one does not remember: tasks of no order. Their units are in the
    -- position's allocated_sent. Rows stay, for who looks back.
    CREATE TABLE unknown_task (
      warehouse TEXT    NOT NULL,
      task      TEXT    NOT NULL,
      sku       TEXT    NOT NULL,
      -- quantity = shipped + given_up + still to be shipped.
      quantity  INTEGER NOT NULL CHECK (quantity > 0),
      shipped   INTEGER NOT NULL CHECK (shipped >= 0),
      given_up  INTEGER NOT NULL CHECK (given_up >= 0),
      -- When central heard of it, and when somebody had it given up (ms); NULL = nobody has.
      heard_at    INTEGER NOT NULL,
      released_at INTEGER,
      PRIMARY KEY (warehouse, task, sku)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX unknown_task_open ON unknown_task (warehouse, task) WHERE quantity > shipped + given_up;
  `,
};

/** The tables as TypeScript sees them; `schema.test.ts` holds the two equal. */
export const unsettled = sqliteTable('unsettled', {
  warehouse: text('warehouse').primaryKey().notNull(),
  until: integer('until'),
});

export const unknownTask = sqliteTable(
  'unknown_task',
  {
    warehouse: text('warehouse').notNull(),
    task: text('task').notNull(),
    sku: text('sku').notNull(),
    quantity: integer('quantity').notNull(),
    shipped: integer('shipped').notNull(),
    givenUp: integer('given_up').notNull(),
    heardAt: integer('heard_at').notNull(),
    releasedAt: integer('released_at'),
  },
  (table) => [
    primaryKey({ columns: [table.warehouse, table.task, table.sku] }),
    index('unknown_task_open').on(table.warehouse, table.task).where(sql`quantity > shipped + given_up`),
  ],
);
