import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { sql } from 'drizzle-orm';
import { blob, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Snapshots of nodes whose logs begin behind central's cursor: one step of the schema. Append only, like all of them. */
export const snapshotTables: Migration = {
  name: 'snapshots of nodes',
  sql: `
    -- What a node said of itself instead of a part of its log that it has no more. Of a warehouse there is at most one that is
    -- coming in, and one with which its log begins here.
    CREATE TABLE snapshot (
      id          INTEGER NOT NULL PRIMARY KEY,
      warehouse   TEXT    NOT NULL,
      epoch       INTEGER NOT NULL CHECK (epoch > 0),
      instance    TEXT    NOT NULL,
      -- The place in the node's log, and the chain hash there.
      sequence    INTEGER NOT NULL CHECK (sequence > 0),
      hash        BLOB    NOT NULL CHECK (length(hash) = 32),
      -- As its manifest says; the root is over all of that and the hashes of the chunks.
      rows        INTEGER NOT NULL CHECK (rows >= 0),
      chunks      INTEGER NOT NULL CHECK (chunks > 0),
      root        BLOB    NOT NULL CHECK (length(root) = 32),
      -- When it was made, by the node's wall clock, and when it was last added to, by central's (ms).
      at          INTEGER NOT NULL,
      touched_at  INTEGER NOT NULL,
      -- Chunks whose positions are taken over: none before all chunks are there and the root is right.
      taken       INTEGER NOT NULL DEFAULT 0 CHECK (taken BETWEEN 0 AND chunks),
      -- When the cursor was set to its place (ms); NULL = it is coming in.
      accepted_at INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX snapshot_coming_in ON snapshot (warehouse) WHERE accepted_at IS NULL;
    CREATE UNIQUE INDEX snapshot_accepted ON snapshot (warehouse) WHERE accepted_at IS NOT NULL;

    -- Its chunks as they came, staged beside the live tables, and kept: with them the log begins that a node may rejoin from.
    CREATE TABLE snapshot_chunk (
      snapshot    INTEGER NOT NULL,
      chunk       INTEGER NOT NULL CHECK (chunk >= 0),
      -- SHA-256 of the bytes.
      hash        BLOB    NOT NULL CHECK (length(hash) = 32),
      rows        INTEGER NOT NULL CHECK (rows >= 0),
      -- The last SKU up to here; '' = none yet.
      last_sku    TEXT    NOT NULL,
      bytes       BLOB    NOT NULL,
      PRIMARY KEY (snapshot, chunk)
    ) STRICT;
  `,
};

/** The tables as TypeScript sees them; `schema.test.ts` holds the two equal. */
export const snapshot = sqliteTable(
  'snapshot',
  {
    id: integer('id').primaryKey().notNull(),
    warehouse: text('warehouse').notNull(),
    epoch: integer('epoch').notNull(),
    instance: text('instance').notNull(),
    sequence: integer('sequence').notNull(),
    hash: blob('hash', { mode: 'buffer' }).notNull(),
    rows: integer('rows').notNull(),
    chunks: integer('chunks').notNull(),
    root: blob('root', { mode: 'buffer' }).notNull(),
    at: integer('at').notNull(),
    touchedAt: integer('touched_at').notNull(),
    taken: integer('taken').notNull().default(0),
    acceptedAt: integer('accepted_at'),
  },
  (table) => [
    uniqueIndex('snapshot_coming_in').on(table.warehouse).where(sql`accepted_at IS NULL`),
    uniqueIndex('snapshot_accepted').on(table.warehouse).where(sql`accepted_at IS NOT NULL`),
  ],
);

export const snapshotChunk = sqliteTable(
  'snapshot_chunk',
  {
    snapshot: integer('snapshot').notNull(),
    chunk: integer('chunk').notNull(),
    hash: blob('hash', { mode: 'buffer' }).notNull(),
    rows: integer('rows').notNull(),
    lastSku: text('last_sku').notNull(),
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.snapshot, table.chunk] })],
);
