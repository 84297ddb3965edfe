import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** The tables of `transfer-tables.ts` as TypeScript sees them; `schema.test.ts` holds the two equal. */
export const transfer = sqliteTable(
  'transfer',
  {
    number: integer('number').primaryKey().notNull(),
    id: text('id').notNull(),
    fromWarehouse: text('from_warehouse').notNull(),
    toWarehouse: text('to_warehouse').notNull(),
    isShipped: integer('is_shipped', { mode: 'boolean' }).notNull(),
    state: text('state', { enum: ['shipped', 'receiving', 'closed'] }).notNull(),
    firstAt: integer('first_at').notNull(),
    changedAt: integer('changed_at').notNull(),
  },
  (table) => [
    uniqueIndex('transfer_by_id').on(table.id, table.fromWarehouse),
    index('transfer_by_state').on(table.state, table.number),
    index('transfer_by_source').on(table.fromWarehouse, table.number),
    index('transfer_by_destination').on(table.toWarehouse, table.number),
  ],
);

export const transferLine = sqliteTable(
  'transfer_line',
  {
    transfer: integer('transfer').notNull(),
    sku: text('sku').notNull(),
    shipped: integer('shipped').notNull(),
    received: integer('received').notNull(),
    damaged: integer('damaged').notNull(),
    lost: integer('lost').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.transfer, table.sku] }),
    index('transfer_line_under_way').on(table.sku, table.transfer).where(sql`shipped > received + damaged + lost`),
  ],
);

export const transferTables = [transfer, transferLine];
