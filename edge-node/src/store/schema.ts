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
  backupAt: integer('backup_at'),
  hasHighWater: integer('has_high_water', { mode: 'boolean' }).notNull(),
  restored: text('restored'),
  restoredAt: integer('restored_at'),
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
  granted: integer('granted').notNull(),
  allocated: integer('allocated').notNull(),
  returned: integer('returned').notNull(),
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

export const inbox = sqliteTable('inbox', {
  id: integer('id').primaryKey(),
  centralEpoch: integer('central_epoch').notNull(),
  sequence: integer('sequence').notNull(),
  hash: blob('hash', { mode: 'buffer' }).notNull(),
});

export const rejoin = sqliteTable('rejoin', {
  epoch: integer('epoch').primaryKey(),
  at: integer('at').notNull(),
  lost: integer('lost').notNull(),
  knownUpTo: integer('known_up_to').notNull(),
  takenOverAt: integer('taken_over_at').notNull(),
  recount: text('recount').notNull(),
});

export const inboxMark = sqliteTable('inbox_mark', {
  sequence: integer('sequence').primaryKey(),
  began: integer('began').notNull(),
  directive: integer('directive').notNull(),
});

export const refusedDirective = sqliteTable(
  'refused_directive',
  {
    centralEpoch: integer('central_epoch').notNull(),
    sequence: integer('sequence').notNull(),
    directive: blob('directive', { mode: 'buffer' }).notNull(),
    reason: text('reason').notNull(),
    receivedAt: integer('received_at').notNull(),
    carriedOutAt: integer('carried_out_at'),
  },
  (table) => [primaryKey({ columns: [table.centralEpoch, table.sequence] })],
);

export const policy = sqliteTable('policy', {
  id: integer('id').primaryKey(),
  class: text('class').notNull(),
  sharePercent: integer('share_percent').notNull(),
  safetyStock: integer('safety_stock').notNull(),
});

export const skuPolicy = sqliteTable('sku_policy', {
  sku: text('sku').primaryKey(),
  sharePercent: integer('share_percent'),
  safetyStock: integer('safety_stock'),
});

export const task = sqliteTable('task', {
  number: integer('number').primaryKey(),
  id: text('id').notNull(),
  orderId: text('order_id').notNull(),
  state: text('state').notNull(),
  dueAt: integer('due_at'),
  tracking: text('tracking'),
  madeAt: integer('made_at').notNull(),
  changedAt: integer('changed_at').notNull(),
});

export const taskLine = sqliteTable(
  'task_line',
  {
    task: text('task').notNull(),
    sku: text('sku').notNull(),
    quantity: integer('quantity').notNull(),
    released: integer('released').notNull(),
    shipped: integer('shipped').notNull(),
    picks: text('picks').notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.sku] })],
);

export const taskStep = sqliteTable(
  'task_step',
  {
    task: text('task').notNull(),
    step: text('step').notNull(),
    fingerprint: text('fingerprint').notNull(),
    actor: text('actor'),
    answer: text('answer').notNull(),
    at: integer('at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.task, table.step] })],
);

export const transfer = sqliteTable('transfer', {
  number: integer('number').primaryKey(),
  id: text('id').notNull(),
  fromWarehouse: text('from_warehouse').notNull(),
  toWarehouse: text('to_warehouse').notNull(),
  state: text('state').notNull(),
  note: text('note'),
  isComplete: integer('is_complete', { mode: 'boolean' }).notNull(),
  closingReason: text('closing_reason'),
  closingActor: text('closing_actor'),
  plannedAs: text('planned_as'),
  shippedAs: text('shipped_as'),
  madeAt: integer('made_at').notNull(),
  changedAt: integer('changed_at').notNull(),
});

export const transferLine = sqliteTable(
  'transfer_line',
  {
    transfer: integer('transfer').notNull(),
    sku: text('sku').notNull(),
    line: integer('line').notNull(),
    planned: integer('planned').notNull(),
    shipped: integer('shipped').notNull(),
    received: integer('received').notNull(),
    damaged: integer('damaged').notNull(),
    lost: integer('lost').notNull(),
  },
  (table) => [primaryKey({ columns: [table.transfer, table.sku] })],
);

export const lateRow = sqliteTable('late_row', {
  number: integer('number').primaryKey(),
  late: integer('late').notNull(),
  sequence: integer('sequence').notNull(),
  sku: text('sku').notNull(),
  kind: integer('kind').notNull(),
  quantity: integer('quantity').notNull(),
  recorded: integer('recorded'),
  skipped: text('skipped'),
  at: integer('at').notNull(),
});

export const reservation = sqliteTable('reservation', {
  number: integer('number').primaryKey(),
  id: text('id').notNull(),
  owner: text('owner').notNull(),
  note: text('note'),
  state: text('state').notNull(),
  fingerprint: text('fingerprint').notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  endedAt: integer('ended_at'),
  receipt: text('receipt'),
});

export const reservationLine = sqliteTable(
  'reservation_line',
  {
    reservation: text('reservation').notNull(),
    sku: text('sku').notNull(),
    quantity: integer('quantity').notNull(),
    line: integer('line').notNull(),
  },
  (table) => [primaryKey({ columns: [table.reservation, table.sku] })],
);
