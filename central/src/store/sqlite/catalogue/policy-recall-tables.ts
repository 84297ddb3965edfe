import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Where quota is being taken back after a policy: one step of the schema. Append only, like all of them. */
export const policyRecallTables: Migration = {
  name: 'quota is taken back when a policy becomes stricter',
  sql: `
    -- A warehouse whose policy has become stricter, and whose positions have not all been looked at since.
    CREATE TABLE policy_recall (
      warehouse     TEXT    NOT NULL PRIMARY KEY,
      -- The loosest policy that the positions not looked at may have been granted under.
      share_percent INTEGER NOT NULL CHECK (share_percent BETWEEN 0 AND 100),
      safety_stock  INTEGER NOT NULL CHECK (safety_stock >= 0),
      -- Looked at up to this SKU; '' = none yet.
      after_sku     TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
};

/** The table as TypeScript sees it; `schema.test.ts` holds the two equal. */
export const policyRecall = sqliteTable('policy_recall', {
  warehouse: text('warehouse').primaryKey().notNull(),
  sharePercent: integer('share_percent').notNull(),
  safetyStock: integer('safety_stock').notNull(),
  afterSku: text('after_sku').notNull(),
});
