import { blob, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/**
 * The tables as typed queries see them. What each column means stands where the table is born, in migrations.ts; a test
 * holds both equal. The hot path does not go through here: a prepared driver statement costs about a third of the same
 * query through the query builder.
 */
export const node = sqliteTable('node', {
  id: integer('id').primaryKey(),
  warehouse: text('warehouse').notNull(),
  instance: text('instance').notNull(),
  sequence: integer('sequence').notNull(),
  hash: blob('hash', { mode: 'buffer' }).notNull(),
  checkpointSequence: integer('checkpoint_sequence').notNull(),
  checkpointHash: blob('checkpoint_hash', { mode: 'buffer' }).notNull(),
  appliedUpTo: integer('applied_up_to').notNull(),
  installedAt: integer('installed_at').notNull(),
});

export const epoch = sqliteTable('epoch', {
  epoch: integer('epoch').primaryKey(),
  firstSequence: integer('first_sequence').notNull(),
  begunAt: integer('begun_at').notNull(),
});

export const item = sqliteTable('item', {
  sku: text('sku').primaryKey(),
  name: text('name'),
  isListed: integer('is_listed', { mode: 'boolean' }).notNull(),
  updatedAt: integer('updated_at').notNull(),
});

export const barcode = sqliteTable('barcode', {
  barcode: text('barcode').primaryKey(),
  sku: text('sku').notNull(),
  multiple: integer('multiple').notNull(),
});

export const lot = sqliteTable(
  'lot',
  { sku: text('sku').notNull(), lot: text('lot').notNull(), expiry: text('expiry').notNull() },
  (table) => [primaryKey({ columns: [table.sku, table.lot] })],
);

export const position = sqliteTable('position', {
  sku: text('sku').primaryKey(),
  onHand: integer('on_hand').notNull(),
  unsellable: integer('unsellable').notNull(),
  reserved: integer('reserved').notNull(),
  committed: integer('committed').notNull(),
  quota: integer('quota').notNull(),
  safetyStock: integer('safety_stock').notNull(),
  version: integer('version').notNull(),
  sequence: integer('sequence').notNull(),
  changedAt: integer('changed_at').notNull(),
});

const placeColumns = {
  sku: text('sku').notNull(),
  bin: text('bin').notNull(),
  lot: text('lot').notNull(),
  condition: integer('condition').notNull(),
  quantity: integer('quantity').notNull(),
};

export const balance = sqliteTable('balance', placeColumns, (table) => [
  primaryKey({ columns: [table.sku, table.bin, table.lot, table.condition] }),
]);

export const checkpointBalance = sqliteTable('checkpoint_balance', placeColumns, (table) => [
  primaryKey({ columns: [table.sku, table.bin, table.lot, table.condition] }),
]);

export const movement = sqliteTable('movement', {
  sequence: integer('sequence').primaryKey(),
  sku: text('sku').notNull(),
  delta: blob('delta', { mode: 'buffer' }).notNull(),
  hash: blob('hash', { mode: 'buffer' }).notNull(),
});

export const idempotency = sqliteTable('idempotency', {
  firstSequence: integer('first_sequence').primaryKey(),
  movementCount: integer('movement_count').notNull(),
  scope: text('scope').notNull(),
  key: text('key').notNull(),
  fingerprint: text('fingerprint').notNull(),
  exceptions: text('exceptions'),
});

export const exception = sqliteTable('exception', {
  id: integer('id').primaryKey(),
  kind: text('kind').notNull(),
  sku: text('sku').notNull(),
  sequence: integer('sequence').notNull(),
  deficit: integer('deficit').notNull(),
  openedAt: integer('opened_at').notNull(),
  resolvedAt: integer('resolved_at'),
  resolvedBy: integer('resolved_by'),
  closedBy: text('closed_by'),
  closingNote: text('closing_note'),
  barcode: text('barcode'),
});

export const importJob = sqliteTable('import_job', {
  id: text('id').primaryKey(),
  kind: text('kind').notNull(),
  document: text('document').notNull(),
  state: text('state').notNull(),
  atSequence: integer('at_sequence').notNull(),
  rowCount: integer('row_count').notNull(),
  stagedCount: integer('staged_count').notNull(),
  appliedCount: integer('applied_count').notNull(),
  unlistedCount: integer('unlisted_count').notNull(),
  lastLine: integer('last_line').notNull(),
  keyPrefix: text('key_prefix').notNull(),
  failure: text('failure'),
  begunAt: integer('begun_at').notNull(),
  finishedAt: integer('finished_at'),
});

export const importRow = sqliteTable(
  'import_row',
  {
    job: text('job').notNull(),
    key: text('key').notNull(),
    line: integer('line').notNull(),
    fields: text('fields').notNull(),
  },
  (table) => [primaryKey({ columns: [table.job, table.key] })],
);

export const age = sqliteTable('age', {
  id: integer('id').primaryKey(),
  agedMs: integer('aged_ms').notNull(),
  wallAt: integer('wall_at').notNull(),
});

export const ageMark = sqliteTable('age_mark', {
  sequence: integer('sequence').primaryKey(),
  agedMs: integer('aged_ms').notNull(),
});
