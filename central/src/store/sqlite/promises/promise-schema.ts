import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { downMark, downTrim } from '../down/down-trim-tables.ts';

/** The tables of `promise-tables.ts` as TypeScript sees them; `schema.test.ts` holds the two equal. */
export const directiveBody = sqliteTable('directive_body', {
  id: integer('id').primaryKey().notNull(),
  bytes: blob('bytes', { mode: 'buffer' }).notNull(),
});

export const directive = sqliteTable(
  'directive',
  {
    id: integer('id').primaryKey().notNull(),
    warehouse: text('warehouse').notNull(),
    sequence: integer('sequence').notNull(),
    hash: blob('hash', { mode: 'buffer' }).notNull(),
    bytes: blob('bytes', { mode: 'buffer' }),
    body: integer('body'),
  },
  (table) => [
    uniqueIndex('directive_by_place').on(table.warehouse, table.sequence),
    index('directive_by_body').on(table.body),
  ],
);

export const warehouseSettings = sqliteTable('warehouse_settings', {
  warehouse: text('warehouse').primaryKey().notNull(),
  class: text('class', { enum: ['distribution-centre', 'store'] }).notNull(),
  sharePercent: integer('share_percent').notNull(),
  safetyStock: integer('safety_stock').notNull(),
  priority: integer('priority').notNull(),
});

export const skuPolicy = sqliteTable(
  'sku_policy',
  {
    warehouse: text('warehouse').notNull(),
    sku: text('sku').notNull(),
    sharePercent: integer('share_percent'),
    safetyStock: integer('safety_stock'),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.sku] })],
);

export const channel = sqliteTable('channel', {
  channel: text('channel').primaryKey().notNull(),
  isAll: integer('is_all', { mode: 'boolean' }).notNull(),
  buffer: integer('buffer').notNull(),
});

export const channelWarehouse = sqliteTable(
  'channel_warehouse',
  { channel: text('channel').notNull(), warehouse: text('warehouse').notNull() },
  (table) => [primaryKey({ columns: [table.channel, table.warehouse] })],
);

export const channelBuffer = sqliteTable(
  'channel_buffer',
  { channel: text('channel').notNull(), sku: text('sku').notNull(), buffer: integer('buffer').notNull() },
  (table) => [primaryKey({ columns: [table.channel, table.sku] })],
);

export const reservation = sqliteTable(
  'reservation',
  {
    id: text('id').primaryKey().notNull(),
    channel: text('channel').notNull(),
    owner: text('owner').notNull(),
    state: text('state', { enum: ['held', 'confirmed', 'released', 'expired'] }).notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    endedAt: integer('ended_at'),
    endReason: text('end_reason'),
    ttlSeconds: integer('ttl_seconds'),
    isPartial: integer('is_partial', { mode: 'boolean' }),
  },
  (table) => [
    index('reservation_by_expiry').on(table.expiresAt),
    index('reservation_by_end').on(table.endedAt),
    index('reservation_by_kind').on(table.channel, table.state, table.createdAt, table.id),
    index('reservation_by_owner').on(table.owner, table.createdAt, table.id),
  ],
);

export const reservationLine = sqliteTable(
  'reservation_line',
  {
    reservation: text('reservation').notNull(),
    sku: text('sku').notNull(),
    requested: integer('requested').notNull(),
    promised: integer('promised').notNull(),
  },
  (table) => [primaryKey({ columns: [table.reservation, table.sku] })],
);

export const hold = sqliteTable(
  'hold',
  {
    id: integer('id').primaryKey().notNull(),
    kind: text('kind', { enum: ['reservation', 'order'] }).notNull(),
    holder: text('holder').notNull(),
    channel: text('channel').notNull(),
    sku: text('sku').notNull(),
    warehouse: text('warehouse').notNull(),
    quantity: integer('quantity').notNull(),
  },
  (table) => [
    uniqueIndex('hold_by_holder').on(table.kind, table.holder, table.sku, table.warehouse),
    index('hold_by_position').on(table.warehouse, table.sku, table.id),
  ],
);

export const item = sqliteTable('item', {
  sku: text('sku').primaryKey().notNull(),
  name: text('name'),
  isEverywhere: integer('is_everywhere', { mode: 'boolean' }).notNull(),
});

export const itemBarcode = sqliteTable(
  'item_barcode',
  {
    sku: text('sku').notNull(),
    place: integer('place').notNull(),
    barcode: text('barcode').notNull(),
    multiple: integer('multiple').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sku, table.place] }), index('item_by_barcode').on(table.barcode)],
);

export const assortment = sqliteTable(
  'assortment',
  { sku: text('sku').notNull(), warehouse: text('warehouse').notNull() },
  (table) => [primaryKey({ columns: [table.sku, table.warehouse] })],
);

export const answered = sqliteTable(
  'answered',
  {
    key: text('key').primaryKey().notNull(),
    fingerprint: text('fingerprint').notNull(),
    outcome: text('outcome').notNull(),
    at: integer('at').notNull(),
  },
  (table) => [index('answered_by_age').on(table.at)],
);

export const promiseTables = [
  directiveBody,
  directive,
  downTrim,
  downMark,
  warehouseSettings,
  skuPolicy,
  channel,
  channelWarehouse,
  channelBuffer,
  reservation,
  reservationLine,
  hold,
  item,
  itemBarcode,
  assortment,
  answered,
];
