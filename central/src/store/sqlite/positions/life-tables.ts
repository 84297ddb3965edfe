import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { blob, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** The lives of nodes that have rejoined: one step of the schema. Append only, like all of them. */
export const lifeTables: Migration = {
  name: 'lives of nodes',
  sql: `
    -- The last directive whose effects are all in the node's log up to applied_up_to; its log down is trimmed behind it.
    ALTER TABLE node ADD COLUMN down_covered INTEGER NOT NULL DEFAULT 0 CHECK (down_covered >= 0);
    UPDATE node SET down_covered = down_carried_out;

    -- One row for each rejoin. The first life of a node has none.
    CREATE TABLE node_life (
      warehouse         TEXT    NOT NULL,
      epoch             INTEGER NOT NULL CHECK (epoch > 1),
      -- The installation that took over, and the one that owned the warehouse before.
      instance          TEXT    NOT NULL,
      previous_instance TEXT    NOT NULL,
      begun_at          INTEGER NOT NULL,
      -- The place in the node's log after which it begins.
      applied           INTEGER NOT NULL CHECK (applied >= 0),
      hash              BLOB    NOT NULL CHECK (length(hash) = 32),
      -- The last directive whose effects are in the log up to there.
      down_sequence     INTEGER NOT NULL CHECK (down_sequence >= 0),
      down_hash         BLOB    NOT NULL CHECK (length(down_hash) = 32),
      -- none | moved | all: what is counted before it is granted again.
      recount           TEXT    NOT NULL,
      -- Movements of the life before that were heard of and never came; up to when all of it was known, ms.
      lost              INTEGER NOT NULL,
      known_at          INTEGER NOT NULL,
      PRIMARY KEY (warehouse, epoch)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX node_life_instance ON node_life (warehouse, instance);

    -- States that the life before had told ahead of its log, and that its log never came to.
    CREATE TABLE node_life_state (
      warehouse  TEXT    NOT NULL,
      epoch      INTEGER NOT NULL,
      sku        TEXT    NOT NULL,
      on_hand    INTEGER NOT NULL,
      unsellable INTEGER NOT NULL,
      -- The quota total that central goes on counting with.
      granted    INTEGER NOT NULL,
      PRIMARY KEY (warehouse, epoch, sku)
    ) STRICT, WITHOUT ROWID;
  `,
};

/** By what a node knows a state as one of its own. Append only, too. */
export const lifeStatePlaces: Migration = {
  name: 'places of states that were told ahead',
  sql: `
    -- Of the movement that led to the state: its place in the log that ended, the version, and when, ms. NULL = kept by an
    -- earlier build.
    ALTER TABLE node_life_state ADD COLUMN sequence INTEGER;
    ALTER TABLE node_life_state ADD COLUMN version INTEGER;
    ALTER TABLE node_life_state ADD COLUMN at INTEGER;
  `,
};

/** The tables as TypeScript sees them; `schema.test.ts` holds the two equal. */
export const nodeLife = sqliteTable(
  'node_life',
  {
    warehouse: text('warehouse').notNull(),
    epoch: integer('epoch').notNull(),
    instance: text('instance').notNull(),
    previousInstance: text('previous_instance').notNull(),
    begunAt: integer('begun_at').notNull(),
    applied: integer('applied').notNull(),
    hash: blob('hash', { mode: 'buffer' }).notNull(),
    downSequence: integer('down_sequence').notNull(),
    downHash: blob('down_hash', { mode: 'buffer' }).notNull(),
    recount: text('recount').notNull(),
    lost: integer('lost').notNull(),
    knownAt: integer('known_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.warehouse, table.epoch] }),
    uniqueIndex('node_life_instance').on(table.warehouse, table.instance),
  ],
);

export const nodeLifeState = sqliteTable(
  'node_life_state',
  {
    warehouse: text('warehouse').notNull(),
    epoch: integer('epoch').notNull(),
    sku: text('sku').notNull(),
    onHand: integer('on_hand').notNull(),
    unsellable: integer('unsellable').notNull(),
    granted: integer('granted').notNull(),
    sequence: integer('sequence'),
    version: integer('version'),
    at: integer('at'),
  },
  (table) => [primaryKey({ columns: [table.warehouse, table.epoch, table.sku] })],
);
