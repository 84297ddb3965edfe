import type { Migration } from '@edgestock/shared/sqlite/migrate';

/** What central needs to promise, to take back and to instruct: one step of the schema. Append only, like all of them. */
export const promiseTables: Migration = {
  name: 'promises: the log down, policies, channels, reservations, catalogue',
  sql: `
    -- The end of the node's log down, which central alone writes, and how far the node is known to have carried it out.
    ALTER TABLE node ADD COLUMN down_sequence INTEGER NOT NULL DEFAULT 0 CHECK (down_sequence >= 0);
    ALTER TABLE node ADD COLUMN down_hash BLOB NOT NULL
      DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(down_hash) = 32);
    ALTER TABLE node ADD COLUMN down_carried_out INTEGER NOT NULL DEFAULT 0 CHECK (down_carried_out >= 0);

    -- Bytes that several logs down have in common: a page of the catalogue goes to every warehouse.
    CREATE TABLE directive_body (
      id    INTEGER NOT NULL PRIMARY KEY,
      bytes BLOB    NOT NULL
    ) STRICT;

    -- The logs down: what central asked of each node, numbered and chained, written in the transaction that decided it.
    CREATE TABLE directive (
      id        INTEGER NOT NULL PRIMARY KEY,
      warehouse TEXT    NOT NULL,
      -- Counts up by one from 1 for each warehouse.
      sequence  INTEGER NOT NULL CHECK (sequence > 0),
      -- Chain hash after it.
      hash      BLOB    NOT NULL CHECK (length(hash) = 32),
      -- Its canonical bytes, or the body it shares with others.
      bytes     BLOB,
      body      INTEGER CHECK ((body IS NULL) <> (bytes IS NULL))
    ) STRICT;
    CREATE UNIQUE INDEX directive_by_place ON directive (warehouse, sequence);

    -- What central knows of a warehouse beyond its node.
    CREATE TABLE warehouse_settings (
      warehouse     TEXT    NOT NULL PRIMARY KEY,
      class         TEXT    NOT NULL CHECK (class IN ('distribution-centre', 'store')),
      -- Part of what may be promised that the node grants to central.
      share_percent INTEGER NOT NULL CHECK (share_percent BETWEEN 0 AND 100),
      -- Units of every SKU kept out of every offer.
      safety_stock  INTEGER NOT NULL CHECK (safety_stock >= 0),
      -- Lower ships first.
      priority      INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Where a SKU differs from its warehouse's policy; NULL = it does not in this.
    CREATE TABLE sku_policy (
      warehouse     TEXT    NOT NULL,
      sku           TEXT    NOT NULL,
      share_percent INTEGER CHECK (share_percent BETWEEN 0 AND 100),
      safety_stock  INTEGER CHECK (safety_stock >= 0),
      PRIMARY KEY (warehouse, sku)
    ) STRICT, WITHOUT ROWID;

    -- Places that sell.
    CREATE TABLE channel (
      channel TEXT    NOT NULL PRIMARY KEY,
      -- 1 = promises the quota of every warehouse, also of those enrolled later; 0 = of those in channel_warehouse.
      is_all  INTEGER NOT NULL CHECK (is_all IN (0, 1)),
      -- Units of each SKU kept unsold, unless the SKU has a buffer of its own.
      buffer  INTEGER NOT NULL CHECK (buffer >= 0)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO channel (channel, is_all, buffer) VALUES ('default', 1, 0);
    CREATE TABLE channel_warehouse (
      channel   TEXT NOT NULL,
      warehouse TEXT NOT NULL,
      PRIMARY KEY (channel, warehouse)
    ) STRICT, WITHOUT ROWID;
    -- SKUs with a buffer of their own.
    CREATE TABLE channel_buffer (
      channel TEXT    NOT NULL,
      sku     TEXT    NOT NULL,
      buffer  INTEGER NOT NULL CHECK (buffer >= 0),
      PRIMARY KEY (channel, sku)
    ) STRICT, WITHOUT ROWID;

    -- From now on an answer counts what central was granted, no longer what the nodes themselves may promise: it is rebuilt, and
    -- every answer has changed. Nothing is granted before the nodes have heard a policy.
    DROP TABLE availability;
    CREATE TABLE availability (
      sku      TEXT    NOT NULL,
      channel  TEXT    NOT NULL,
      -- Quota of the channel's warehouses that is promised to nobody: the sum of granted - returned - allocated_sent - held.
      unspent  INTEGER NOT NULL CHECK (unspent >= 0),
      -- Units of it that the channel keeps unsold. Available is max(0, unspent - buffer).
      buffer   INTEGER NOT NULL CHECK (buffer >= 0),
      -- Revision of the SKU's last change; the same in all its channels.
      revision INTEGER NOT NULL,
      PRIMARY KEY (sku, channel)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO availability (sku, channel, unspent, buffer, revision)
      SELECT sku, 'default', sum(granted - returned - allocated_sent - held), 0,
        (SELECT revision FROM meta) + row_number() OVER (ORDER BY sku)
      FROM position GROUP BY sku;
    UPDATE meta SET revision = revision + (SELECT count(*) FROM availability);
    -- What changed after a revision, for streams that resume.
    CREATE UNIQUE INDEX availability_by_revision ON availability (channel, revision);

    -- Timed promises.
    CREATE TABLE reservation (
      id         TEXT    NOT NULL PRIMARY KEY,
      channel    TEXT    NOT NULL,
      -- A cart, a customer, a session.
      owner      TEXT    NOT NULL,
      state      TEXT    NOT NULL CHECK (state IN ('held', 'confirmed', 'released', 'expired')),
      created_at INTEGER NOT NULL,
      -- By central's clock, ms. Over from then on, whether or not the row says so yet.
      expires_at INTEGER NOT NULL,
      -- When it left held, and why; both NULL while it has not.
      ended_at   INTEGER CHECK ((ended_at IS NULL) = (state = 'held')),
      end_reason TEXT    CHECK ((end_reason IS NULL) = (ended_at IS NULL))
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reservation_by_expiry ON reservation (expires_at) WHERE state = 'held';
    CREATE INDEX reservation_by_end ON reservation (ended_at) WHERE state <> 'held';
    CREATE TABLE reservation_line (
      reservation TEXT    NOT NULL,
      sku         TEXT    NOT NULL,
      requested   INTEGER NOT NULL CHECK (requested > 0),
      -- Units set aside when it was made; fewer than requested in a partial one.
      promised    INTEGER NOT NULL CHECK (promised BETWEEN 0 AND requested),
      PRIMARY KEY (reservation, sku)
    ) STRICT, WITHOUT ROWID;

    -- Units set aside at central, and where. position.held is their sum at a position. Gone when they are given back or firm.
    CREATE TABLE hold (
      -- Grows: the newest promise is the first to be moved when goods are missing.
      id        INTEGER NOT NULL PRIMARY KEY,
      -- Who holds: a reservation, or an order that awaits its payment.
      kind      TEXT    NOT NULL CHECK (kind IN ('reservation', 'order')),
      holder    TEXT    NOT NULL,
      -- The holder's: where else its units may be found.
      channel   TEXT    NOT NULL,
      sku       TEXT    NOT NULL,
      warehouse TEXT    NOT NULL,
      quantity  INTEGER NOT NULL CHECK (quantity > 0)
    ) STRICT;
    CREATE UNIQUE INDEX hold_by_holder ON hold (kind, holder, sku, warehouse);
    CREATE INDEX hold_by_position ON hold (warehouse, sku, id);

    -- The one catalogue, its barcodes, and which items concern which warehouses.
    CREATE TABLE item (
      sku           TEXT    NOT NULL PRIMARY KEY,
      name          TEXT,
      -- 1 = concerns every warehouse, also those enrolled later; 0 = those in assortment.
      is_everywhere INTEGER NOT NULL CHECK (is_everywhere IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE item_barcode (
      sku      TEXT    NOT NULL,
      -- Place in the item's list of barcodes, from 0.
      place    INTEGER NOT NULL,
      barcode  TEXT    NOT NULL,
      -- Base units that one scan means.
      multiple INTEGER NOT NULL CHECK (multiple > 0),
      PRIMARY KEY (sku, place)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX item_by_barcode ON item_barcode (barcode);
    CREATE TABLE assortment (
      sku       TEXT NOT NULL,
      warehouse TEXT NOT NULL,
      PRIMARY KEY (sku, warehouse)
    ) STRICT, WITHOUT ROWID;

    -- Keys of requests that had an effect, kept with it, so that a retry gets the first answer (P9).
    CREATE TABLE answered (
      key         TEXT    NOT NULL PRIMARY KEY,
      -- Digest of the request.
      fingerprint TEXT    NOT NULL,
      -- The outcome, JSON.
      outcome     TEXT    NOT NULL,
      at          INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX answered_by_age ON answered (at);
  `,
};
