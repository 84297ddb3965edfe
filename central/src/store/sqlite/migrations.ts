import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { policyRecallTables } from './catalogue/policy-recall-tables.ts';
import { downTrimTables } from './down/down-trim-tables.ts';
import { epochTables } from './epochs/epoch-tables.ts';
import { orderTables } from './orders/order-tables.ts';
import { lateFactColumns } from './positions/late-fact-columns.ts';
import { lifeStatePlaces, lifeTables } from './positions/life-tables.ts';
import { promiseTables } from './promises/promise-tables.ts';
import { recallDebtTables } from './promises/recall-debt-tables.ts';
import { snapshotTables } from './snapshots/snapshot-tables.ts';
import { transferTables } from './transfers/transfer-tables.ts';

/** The schema of central's SQLite store, step by step. Append only: a released step is never edited. */
export const migrations: readonly Migration[] = [
  {
    name: 'nodes, positions, availability, log of batches, quarantine',
    sql: `
      -- The store itself: one row.
      CREATE TABLE meta (
        id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        -- Life of central: another one after it was restored from a backup.
        central_epoch INTEGER NOT NULL CHECK (central_epoch > 0),
        -- Last revision given to a change of availability; counts up by one for each.
        revision      INTEGER NOT NULL CHECK (revision >= 0)
      ) STRICT;
      INSERT INTO meta (id, central_epoch, revision) VALUES (1, 1, 0);

      -- One row per warehouse: its live node, central's cursor in that node's log, and what was last heard of it.
      CREATE TABLE node (
        warehouse       TEXT    NOT NULL PRIMARY KEY,
        -- Life of the node, issued by central.
        epoch           INTEGER NOT NULL CHECK (epoch > 0),
        -- The installation that owns the warehouse.
        instance        TEXT    NOT NULL,
        enrolled_at     INTEGER NOT NULL,
        -- Cursor: every sequence up to here has had its effect. Moves in the transaction of that effect (P2).
        applied_up_to   INTEGER NOT NULL DEFAULT 0 CHECK (applied_up_to >= 0),
        -- Chain hash at the cursor.
        applied_hash    BLOB    NOT NULL CHECK (length(applied_hash) = 32),
        -- Central's wall clock when the cursor last moved, ms; 0 = never.
        applied_at      INTEGER NOT NULL DEFAULT 0,
        -- The node's wall clock at the last applied delta, ms; 0 = none.
        last_delta_at   INTEGER NOT NULL DEFAULT 0,
        -- Why and since when the node may not go on; both NULL while it may.
        fence_reason    TEXT,
        fenced_at       INTEGER CHECK ((fenced_at IS NULL) = (fence_reason IS NULL)),
        -- The last heartbeat: received at (ms), the node's last committed and last sent sequence, how far its clock is
        -- ahead (ms), the schemas it speaks. All NULL = never heard.
        heard_at        INTEGER,
        heard_committed INTEGER,
        heard_sent      INTEGER,
        heard_skew_ms   INTEGER,
        heard_schema_min INTEGER,
        heard_schema_max INTEGER,
        -- Receipt time of the last heartbeat before that one which the cursor had caught up with, ms; 0 = none.
        known_at        INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID;

      -- One row per (SKU, warehouse) ever seen: the state as of the newest version. Upserted, never deleted and reinserted.
      CREATE TABLE position (
        sku           TEXT    NOT NULL,
        warehouse     TEXT    NOT NULL,
        -- Units; see Quantities in @edgestock/shared/inventory/position.
        on_hand       INTEGER NOT NULL,
        unsellable    INTEGER NOT NULL CHECK (unsellable >= 0),
        reserved      INTEGER NOT NULL CHECK (reserved >= 0),
        committed     INTEGER NOT NULL CHECK (committed >= 0),
        quota         INTEGER NOT NULL CHECK (quota >= 0),
        safety_stock  INTEGER NOT NULL CHECK (safety_stock >= 0),
        -- Counts the position's deltas at the node; guards the upsert. 0 = only a delta that could not be applied was seen.
        version       INTEGER NOT NULL CHECK (version >= 0),
        -- Place in the node's log of this state's delta; may be ahead of the node's cursor (state lane).
        sequence      INTEGER NOT NULL CHECK (sequence >= 0),
        -- Place of the position's last delta in the log of batches below; 0 = none yet. Where its history is read from.
        log_sequence  INTEGER NOT NULL CHECK (log_sequence >= 0),
        -- The node's wall clock at that delta, ms.
        at            INTEGER NOT NULL,
        -- 1 = a newer delta could not be applied: the state is from before it. Cleared by any newer state.
        suspect       INTEGER NOT NULL CHECK (suspect IN (0, 1)),
        PRIMARY KEY (sku, warehouse)
      ) STRICT, WITHOUT ROWID;
      -- Lists one warehouse in SKU order. Its columns never change, so an update of a position does not touch it.
      CREATE INDEX position_by_warehouse ON position (warehouse, sku);

      -- The answer per (SKU, channel), kept in the transaction that changes a position: a read is a look-up. Absent = zero.
      CREATE TABLE availability (
        sku       TEXT    NOT NULL,
        channel   TEXT    NOT NULL,
        -- Sum over the warehouses of what each may promise, each at least 0.
        available INTEGER NOT NULL,
        -- Revision of the last change of any of its positions.
        revision  INTEGER NOT NULL,
        PRIMARY KEY (sku, channel)
      ) STRICT, WITHOUT ROWID;
      -- What changed after a revision, for streams that resume.
      CREATE UNIQUE INDEX availability_by_revision ON availability (revision);

      -- The nodes' logs: one row per applied batch, so that a delta costs no row. Movements are read out of the bytes.
      CREATE TABLE batch (
        id             INTEGER NOT NULL PRIMARY KEY,
        warehouse      TEXT    NOT NULL,
        epoch          INTEGER NOT NULL,
        -- The sequences this row added; the message may begin earlier, with some that were known already.
        first_sequence INTEGER NOT NULL,
        last_sequence  INTEGER NOT NULL CHECK (last_sequence >= first_sequence),
        -- Chain hash after the last.
        last_hash      BLOB    NOT NULL CHECK (length(last_hash) = 32),
        received_at    INTEGER NOT NULL,
        -- The message as it came from the wire.
        bytes          BLOB    NOT NULL
      ) STRICT;
      -- Finds the row that holds a sequence: the first whose last is not below it.
      CREATE UNIQUE INDEX batch_by_place ON batch (warehouse, last_sequence);

      -- What could not be applied, raw, for a person or a later release.
      CREATE TABLE quarantine (
        id             INTEGER NOT NULL PRIMARY KEY,
        warehouse      TEXT    NOT NULL,
        reason         TEXT    NOT NULL CHECK (reason IN ('opaque', 'late-fact', 'fenced', 'delta')),
        detail         TEXT    NOT NULL,
        -- Where the bytes claim to stand; NULL where that could not be read.
        epoch          INTEGER,
        first_sequence INTEGER,
        last_sequence  INTEGER,
        sku            TEXT,
        -- SHA-256 of the bytes and their place: the same thing again is not kept again.
        digest         BLOB    NOT NULL,
        at             INTEGER NOT NULL,
        bytes          BLOB    NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX quarantine_once ON quarantine (warehouse, digest);
    `,
  },
  {
    name: 'unsellable units may be fewer than none',
    sql: `
      -- A node records facts: damaged units may leave that nobody had recorded as damaged. A check stricter than the rule
      -- (delta-fault.ts) made the transaction fail, and ingest begin again, for ever. SQLite takes a check away only with a new
      -- table. Columns and meanings are those of the first step.
      CREATE TABLE position_rebuilt (
        sku           TEXT    NOT NULL,
        warehouse     TEXT    NOT NULL,
        -- Units; see Quantities in @edgestock/shared/inventory/position.
        on_hand       INTEGER NOT NULL,
        -- May be negative, as on_hand may: both are what facts make.
        unsellable    INTEGER NOT NULL,
        reserved      INTEGER NOT NULL CHECK (reserved >= 0),
        committed     INTEGER NOT NULL CHECK (committed >= 0),
        quota         INTEGER NOT NULL CHECK (quota >= 0),
        safety_stock  INTEGER NOT NULL CHECK (safety_stock >= 0),
        -- Counts the position's deltas at the node; guards the upsert. 0 = only a delta that could not be applied was seen.
        version       INTEGER NOT NULL CHECK (version >= 0),
        -- Place in the node's log of this state's delta; may be ahead of the node's cursor (state lane).
        sequence      INTEGER NOT NULL CHECK (sequence >= 0),
        -- Place of the position's last delta in the log of batches below; 0 = none yet. Where its history is read from.
        log_sequence  INTEGER NOT NULL CHECK (log_sequence >= 0),
        -- The node's wall clock at that delta, ms.
        at            INTEGER NOT NULL,
        -- 1 = a newer delta could not be applied: the state is from before it. Cleared by any newer state.
        suspect       INTEGER NOT NULL CHECK (suspect IN (0, 1)),
        PRIMARY KEY (sku, warehouse)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO position_rebuilt (sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version,
        sequence, log_sequence, at, suspect)
      SELECT sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence, log_sequence, at,
        suspect
      FROM position ORDER BY sku, warehouse;
      DROP TABLE position;
      ALTER TABLE position_rebuilt RENAME TO position;
      -- Lists one warehouse in SKU order. Its columns never change, so an update of a position does not touch it.
      CREATE INDEX position_by_warehouse ON position (warehouse, sku);
    `,
  },
  {
    name: 'what a node says of its own fence',
    sql: `
      -- Why the node had stopped sending by its own judgement at the last heartbeat; NULL = it had not.
      ALTER TABLE node ADD COLUMN heard_fence TEXT;
    `,
  },
  {
    name: 'suspect positions by warehouse',
    sql: `
      -- Whose states are asked for again. Holds the suspect positions only: mostly none.
      CREATE INDEX position_suspect ON position (warehouse, sku) WHERE suspect = 1;
    `,
  },
  {
    name: 'life of the store',
    sql: `
      -- Random, made with the store: revisions of two stores count the same numbers and mean different answers. Whoever puts
      -- a backup in the place of a store gives it another.
      ALTER TABLE meta ADD COLUMN life TEXT NOT NULL DEFAULT '';
      UPDATE meta SET life = lower(hex(randomblob(8)));
    `,
  },
  {
    name: 'quotas',
    sql: `
      -- The node's totals as far as central has seen them, each the largest ever: units granted to central, allocated by its
      -- directives, and given back as the node knows it.
      ALTER TABLE position ADD COLUMN granted INTEGER NOT NULL DEFAULT 0 CHECK (granted >= 0);
      ALTER TABLE position ADD COLUMN allocated INTEGER NOT NULL DEFAULT 0 CHECK (allocated >= 0);
      ALTER TABLE position ADD COLUMN returned_seen INTEGER NOT NULL DEFAULT 0 CHECK (returned_seen >= 0);
      -- Central's own totals: units ever given back, and ever sent as allocations.
      ALTER TABLE position ADD COLUMN returned INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0);
      ALTER TABLE position ADD COLUMN allocated_sent INTEGER NOT NULL DEFAULT 0 CHECK (allocated_sent >= 0);
      -- Units in open reservations. Unspent quota is granted - returned - allocated_sent - held, and never below zero (P3).
      ALTER TABLE position ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0);
    `,
  },
  promiseTables,
  orderTables,
  {
    name: 'oversold positions at hand',
    sql: `
      -- Holds no row while promise P3 is kept, so that every scrape can ask.
      CREATE INDEX position_oversold ON position (warehouse, sku)
        WHERE granted - returned - allocated_sent - held < 0;
    `,
  },
  downTrimTables,
  transferTables,
  {
    name: 'positions that hold units without goods',
    sql: `
      -- Looked at again when units of the SKU come to another warehouse. Mostly empty.
      CREATE INDEX position_short ON position (sku, warehouse)
        WHERE held > 0 AND reserved + committed + quota > max(0, on_hand - max(0, unsellable));
    `,
  },
  policyRecallTables,
  recallDebtTables,
  {
    name: 'promises as they were asked for',
    sql: `
      -- By what the same id tells the same request from another one. NULL = made by an earlier build, which kept none of it.
      ALTER TABLE reservation ADD COLUMN ttl_seconds INTEGER CHECK (ttl_seconds > 0);
      -- 1 = a part would do.
      ALTER TABLE reservation ADD COLUMN is_partial INTEGER CHECK (is_partial IN (0, 1));
      -- on_shortage is what becomes of units that go missing later: of refuse they are cancelled.
      ALTER TABLE orders ADD COLUMN asked_on_shortage TEXT CHECK (asked_on_shortage IN ('refuse', 'cancel', 'backorder'));
      -- NULL also where no payment was awaited.
      ALTER TABLE orders ADD COLUMN payment_ttl_seconds INTEGER CHECK (payment_ttl_seconds > 0);
    `,
  },
  {
    name: 'lists of reservations, and of the orders of a warehouse',
    sql: `
      -- Pages, latest first: of all, of one state, of a channel, of an owner.
      CREATE INDEX reservation_by_age ON reservation (created_at, id);
      CREATE INDEX reservation_by_state ON reservation (state, created_at, id);
      CREATE INDEX reservation_by_channel ON reservation (channel, created_at, id);
      CREATE INDEX reservation_by_owner ON reservation (owner, created_at, id);
      -- The order's, so that the orders of a warehouse come in the order of all orders.
      ALTER TABLE allocation ADD COLUMN placed_at INTEGER NOT NULL DEFAULT 0;
      UPDATE allocation SET placed_at = (SELECT placed_at FROM orders WHERE id = order_id);
      CREATE INDEX allocation_by_warehouse ON allocation (warehouse, placed_at, order_id);
    `,
  },
  lifeTables,
  epochTables,
  lateFactColumns,
  snapshotTables,
  lifeStatePlaces,
  {
    name: 'moves between engines',
    sql: `
      -- What this store knows of its last move; never goes over with the rest. here: it is the one to run on, arriving: it is being
      -- filled, arrived: it is whole and its source not closed yet, left: it was moved away.
      ALTER TABLE meta ADD COLUMN move_state TEXT NOT NULL DEFAULT 'here'
        CHECK (move_state IN ('here', 'arriving', 'arrived', 'left'));
      -- Random, the same at both ends, and the other end, as it may be shown; '' = it never was part of one.
      ALTER TABLE meta ADD COLUMN move_id TEXT NOT NULL DEFAULT '';
      ALTER TABLE meta ADD COLUMN move_other TEXT NOT NULL DEFAULT '';
    `,
  },
  {
    name: 'one index for the lists of reservations',
    sql: `
      -- Pages of all, of one state and of a channel are merged from it: channels and states are few. Each index of a reservation is a
      -- tree that every new one goes into: with three in the place of this one a group of 32 wrote 45 pages, not 37.
      DROP INDEX reservation_by_age;
      DROP INDEX reservation_by_state;
      DROP INDEX reservation_by_channel;
      CREATE INDEX reservation_by_kind ON reservation (channel, state, created_at, id);
    `,
  },
  {
    name: 'id of the store',
    sql: `
      -- Random, made with the store and in every copy of it: restored, moved or put back, it is the same one. That of a store that has had
      -- none is its life, which its backups of that life have too.
      ALTER TABLE meta ADD COLUMN store_id TEXT NOT NULL DEFAULT '';
      UPDATE meta SET store_id = life;
    `,
  },
];
