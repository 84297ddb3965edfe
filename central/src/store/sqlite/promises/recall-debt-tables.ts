import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Quota that is owed to nodes: one step of the schema. Append only, like all of them. */
export const recallDebtTables: Migration = {
  name: 'quota that was held when a policy became stricter is owed',
  sql: `
    -- Positions of which a stricter policy wants units back that were promised to somebody. Mostly empty.
    CREATE TABLE recall_debt (
      warehouse     TEXT    NOT NULL,
      sku           TEXT    NOT NULL,
      -- To be given back when they are promised to nobody any more; never more than are held.
      units         INTEGER NOT NULL CHECK (units > 0),
      -- The loosest policy that they may have been granted under: where policy allows as much again, nothing is owed.
      share_percent INTEGER NOT NULL CHECK (share_percent BETWEEN 0 AND 100),
      safety_stock  INTEGER NOT NULL CHECK (safety_stock >= 0),
      PRIMARY KEY (warehouse, sku)
    ) STRICT, WITHOUT ROWID;
  `,
};

/** The table as TypeScript sees it; `schema.test.ts` holds the two equal. */
export const recallDebt = sqliteTable(
  'recall_debt',
  {
    warehouse: text('warehouse').notNull(),
    sku: text('sku').notNull(),
    units: integer('units').notNull(),
    sharePercent: integer('share_percent').notNull(),
    safetyStock: integer('safety_stock').notNull(),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.sku] })],
);
