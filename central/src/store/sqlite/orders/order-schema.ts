import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The tables of `order-tables.ts` as TypeScript sees them; `schema.test.ts` holds the two equal. */
export const orders = sqliteTable(
  'orders',
  {
    id: text('id').primaryKey().notNull(),
    channel: text('channel').notNull(),
    owner: text('owner').notNull(),
    state: text('state', { enum: ['placed', 'firm', 'done', 'cancelled'] }).notNull(),
    payment: text('payment', { enum: ['awaited', 'authorised', 'failed', 'timed-out', 'not-needed'] }).notNull(),
    placedAt: integer('placed_at').notNull(),
    paymentDueAt: integer('payment_due_at').notNull(),
    onShortage: text('on_shortage', { enum: ['cancel', 'backorder'] }).notNull(),
    isCancelling: integer('is_cancelling', { mode: 'boolean' }).notNull(),
    wakeAt: integer('wake_at'),
    askedOnShortage: text('asked_on_shortage', { enum: ['refuse', 'cancel', 'backorder'] }),
    paymentTtlSeconds: integer('payment_ttl_seconds'),
  },
  (table) => [
    index('orders_by_age').on(table.placedAt, table.id),
    index('orders_by_state').on(table.state, table.placedAt, table.id),
    index('orders_by_wake').on(table.wakeAt),
  ],
);

export const orderLine = sqliteTable(
  'order_line',
  {
    orderId: text('order_id').notNull(),
    sku: text('sku').notNull(),
    place: integer('place').notNull(),
    ordered: integer('ordered').notNull(),
    cancelled: integer('cancelled').notNull(),
    backordered: integer('backordered').notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.sku] }), index('order_line_waiting').on(table.sku)],
);

export const allocation = sqliteTable(
  'allocation',
  {
    id: integer('id').primaryKey().notNull(),
    task: text('task').notNull().unique(),
    orderId: text('order_id').notNull(),
    warehouse: text('warehouse').notNull(),
    at: integer('at').notNull(),
    placedAt: integer('placed_at').notNull(),
    isHeard: integer('is_heard', { mode: 'boolean' }).notNull().default(true),
  },
  (table) => [
    index('allocation_by_order').on(table.orderId, table.id),
    index('allocation_by_warehouse').on(table.warehouse, table.placedAt, table.orderId),
  ],
);

export const allocationLine = sqliteTable(
  'allocation_line',
  {
    allocation: integer('allocation').notNull(),
    sku: text('sku').notNull(),
    warehouse: text('warehouse').notNull(),
    quantity: integer('quantity').notNull(),
    shipped: integer('shipped').notNull(),
    givenUp: integer('given_up').notNull(),
    releasing: integer('releasing').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.allocation, table.sku] }),
    index('allocation_line_open').on(table.warehouse, table.sku, table.allocation),
  ],
);

export const orderStep = sqliteTable(
  'order_step',
  {
    orderId: text('order_id').notNull(),
    place: integer('place').notNull(),
    at: integer('at').notNull(),
    step: text('step').notNull(),
    why: text('why').notNull(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.place] })],
);

export const orderTables = [orders, orderLine, allocation, allocationLine, orderStep];
