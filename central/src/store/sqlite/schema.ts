import { sql } from 'drizzle-orm';
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { moveStates } from '../store-moved.ts';
import { policyRecall } from './catalogue/policy-recall-tables.ts';
import { unknownTask, unsettled } from './epochs/epoch-tables.ts';
import { orderTables } from './orders/order-schema.ts';
import { nodeLife, nodeLifeState } from './positions/life-tables.ts';
import { promiseTables } from './promises/promise-schema.ts';
import { recallDebt } from './promises/recall-debt-tables.ts';
import { snapshot, snapshotChunk } from './snapshots/snapshot-tables.ts';
import { transferTables } from './transfers/transfer-schema.ts';

/**
 * The tables as TypeScript sees them, for the queries that are not hot. `migrations.ts` is the truth, with every column
 * explained; `schema.test.ts` holds the two equal.
 */
export const meta = sqliteTable('meta', {
  id: integer('id').primaryKey().notNull(),
  centralEpoch: integer('central_epoch').notNull(),
  revision: integer('revision').notNull(),
  life: text('life').notNull().default(''),
  epochBeganAt: integer('epoch_began_at'),
  epochReason: text('epoch_reason'),
  backedUpAt: integer('backed_up_at'),
  moveState: text('move_state', { enum: moveStates }).notNull().default('here'),
  moveId: text('move_id').notNull().default(''),
  moveOther: text('move_other').notNull().default(''),
  storeId: text('store_id').notNull().default(''),
});

export const node = sqliteTable('node', {
  warehouse: text('warehouse').primaryKey().notNull(),
  epoch: integer('epoch').notNull(),
  instance: text('instance').notNull(),
  enrolledAt: integer('enrolled_at').notNull(),
  appliedUpTo: integer('applied_up_to').notNull().default(0),
  appliedHash: blob('applied_hash', { mode: 'buffer' }).notNull(),
  appliedAt: integer('applied_at').notNull().default(0),
  lastDeltaAt: integer('last_delta_at').notNull().default(0),
  fenceReason: text('fence_reason'),
  fencedAt: integer('fenced_at'),
  heardAt: integer('heard_at'),
  heardCommitted: integer('heard_committed'),
  heardSent: integer('heard_sent'),
  heardSkewMs: integer('heard_skew_ms'),
  heardSchemaMin: integer('heard_schema_min'),
  heardSchemaMax: integer('heard_schema_max'),
  knownAt: integer('known_at').notNull().default(0),
  heardFence: text('heard_fence'),
  downSequence: integer('down_sequence').notNull().default(0),
  downHash: blob('down_hash', { mode: 'buffer' }).notNull(),
  downCarriedOut: integer('down_carried_out').notNull().default(0),
  downCovered: integer('down_covered').notNull().default(0),
});

export const position = sqliteTable(
  'position',
  {
    sku: text('sku').notNull(),
    warehouse: text('warehouse').notNull(),
    onHand: integer('on_hand').notNull(),
    unsellable: integer('unsellable').notNull(),
    reserved: integer('reserved').notNull(),
    committed: integer('committed').notNull(),
    quota: integer('quota').notNull(),
    safetyStock: integer('safety_stock').notNull(),
    version: integer('version').notNull(),
    sequence: integer('sequence').notNull(),
    logSequence: integer('log_sequence').notNull(),
    at: integer('at').notNull(),
    suspect: integer('suspect', { mode: 'boolean' }).notNull(),
    granted: integer('granted').notNull().default(0),
    allocated: integer('allocated').notNull().default(0),
    returnedSeen: integer('returned_seen').notNull().default(0),
    returned: integer('returned').notNull().default(0),
    allocatedSent: integer('allocated_sent').notNull().default(0),
    held: integer('held').notNull().default(0),
    incoming: integer('incoming').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.sku, table.warehouse] }),
    index('position_by_warehouse').on(table.warehouse, table.sku),
    index('position_short')
      .on(table.sku, table.warehouse)
      .where(sql`held > 0 AND reserved + committed + quota > max(0, on_hand - max(0, unsellable))`),
    index('position_oversold')
      .on(table.warehouse, table.sku)
      .where(sql`granted - returned - allocated_sent - held < 0`),
    index('position_suspect').on(table.warehouse, table.sku).where(sql`suspect = 1`),
  ],
);

export const availability = sqliteTable(
  'availability',
  {
    sku: text('sku').notNull(),
    channel: text('channel').notNull(),
    unspent: integer('unspent').notNull(),
    buffer: integer('buffer').notNull(),
    revision: integer('revision').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.sku, table.channel] }),
    uniqueIndex('availability_by_revision').on(table.channel, table.revision),
  ],
);

export const batch = sqliteTable(
  'batch',
  {
    id: integer('id').primaryKey().notNull(),
    warehouse: text('warehouse').notNull(),
    epoch: integer('epoch').notNull(),
    firstSequence: integer('first_sequence').notNull(),
    lastSequence: integer('last_sequence').notNull(),
    lastHash: blob('last_hash', { mode: 'buffer' }).notNull(),
    receivedAt: integer('received_at').notNull(),
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  (table) => [uniqueIndex('batch_by_place').on(table.warehouse, table.lastSequence)],
);

export const quarantine = sqliteTable(
  'quarantine',
  {
    id: integer('id').primaryKey().notNull(),
    warehouse: text('warehouse').notNull(),
    reason: text('reason', { enum: ['opaque', 'late-fact', 'fenced', 'delta'] }).notNull(),
    detail: text('detail').notNull(),
    epoch: integer('epoch'),
    firstSequence: integer('first_sequence'),
    lastSequence: integer('last_sequence'),
    sku: text('sku'),
    digest: blob('digest', { mode: 'buffer' }).notNull(),
    at: integer('at').notNull(),
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
    settledAs: text('settled_as', { enum: ['applied', 'dismissed'] }),
    settledAt: integer('settled_at'),
    settledBy: text('settled_by'),
    settledWhy: text('settled_why'),
    directive: integer('directive'),
  },
  (table) => [
    uniqueIndex('quarantine_once').on(table.warehouse, table.digest),
    index('quarantine_open').on(table.id).where(sql`settled_as IS NULL`),
  ],
);

export const tables = [
  meta,
  node,
  position,
  availability,
  batch,
  quarantine,
  ...promiseTables,
  policyRecall,
  recallDebt,
  nodeLife,
  nodeLifeState,
  unsettled,
  unknownTask,
  snapshot,
  snapshotChunk,
  ...orderTables,
  ...transferTables,
];
