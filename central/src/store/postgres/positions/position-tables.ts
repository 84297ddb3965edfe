/** The store itself, nodes, positions, answers, logs, and what was put aside: a part of the first step of the schema. */
export const positionTables = `
  -- The store itself: one row. Every transaction that writes begins by locking it, so that writers go one after the other.
  CREATE TABLE meta (
    id             BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Life of central: another one after it was restored from a backup.
    central_epoch  BIGINT NOT NULL CHECK (central_epoch > 0),
    -- Last revision given to a change of availability; counts up by one for each.
    revision       BIGINT NOT NULL CHECK (revision >= 0),
    -- Random, made with the store: revisions of two stores count the same numbers and mean different answers.
    life           TEXT   NOT NULL,
    -- When the present epoch began, by central's clock (ms), and why; NULL = with the store.
    epoch_began_at BIGINT,
    epoch_reason   TEXT,
    -- When this copy was made as a backup (ms); NULL = it is none.
    backed_up_at   BIGINT,
    -- Counts changes of what writers keep at hand between transactions (channels, unsettled warehouses): whoever finds another
    -- number than it knows reads them anew.
    structure      BIGINT NOT NULL CHECK (structure >= 0),
    -- The process that wrote last, by a name that it gave itself: whoever finds another's has not seen all that was written.
    writer         TEXT   NOT NULL
  );
  INSERT INTO meta (id, central_epoch, revision, life, structure, writer)
  VALUES (1, 1, 0, left(replace(gen_random_uuid()::text, '-', ''), 16), 0, '');

  -- One row per warehouse: its live node, central's cursor in that node's log, and what was last heard of it.
  CREATE TABLE node (
    warehouse        TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    -- Life of the node, issued by central.
    epoch            BIGINT NOT NULL CHECK (epoch > 0),
    -- The installation that owns the warehouse.
    instance         TEXT   COLLATE "C" NOT NULL,
    enrolled_at      BIGINT NOT NULL,
    -- Cursor: every sequence up to here has had its effect. Moves in the transaction of that effect (P2).
    applied_up_to    BIGINT NOT NULL DEFAULT 0 CHECK (applied_up_to >= 0),
    -- Chain hash at the cursor.
    applied_hash     BYTEA  NOT NULL CHECK (length(applied_hash) = 32),
    -- Central's wall clock when the cursor last moved, ms; 0 = never.
    applied_at       BIGINT NOT NULL DEFAULT 0,
    -- The node's wall clock at the last applied delta, ms; 0 = none.
    last_delta_at    BIGINT NOT NULL DEFAULT 0,
    -- Why and since when the node may not go on; both NULL while it may.
    fence_reason     TEXT,
    fenced_at        BIGINT CHECK ((fenced_at IS NULL) = (fence_reason IS NULL)),
    -- The last heartbeat: received at (ms), the node's last committed and last sent sequence, how far its clock is
    -- ahead (ms), the schemas it speaks. All NULL = never heard.
    heard_at         BIGINT,
    heard_committed  BIGINT,
    heard_sent       BIGINT,
    heard_skew_ms    BIGINT,
    heard_schema_min BIGINT,
    heard_schema_max BIGINT,
    -- Receipt time of the last heartbeat before that one which the cursor had caught up with, ms; 0 = none.
    known_at         BIGINT NOT NULL DEFAULT 0,
    -- Why the node had stopped sending by its own judgement at the last heartbeat; NULL = it had not.
    heard_fence      TEXT,
    -- The end of the node's log down, which central alone writes, and how far the node is known to have carried it out.
    down_sequence    BIGINT NOT NULL DEFAULT 0 CHECK (down_sequence >= 0),
    down_hash        BYTEA  NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(down_hash) = 32),
    down_carried_out BIGINT NOT NULL DEFAULT 0 CHECK (down_carried_out >= 0),
    -- The last directive whose effects are all in the node's log up to applied_up_to; its log down is trimmed behind it.
    down_covered     BIGINT NOT NULL DEFAULT 0 CHECK (down_covered >= 0)
  );

  -- One row per (SKU, warehouse) ever seen: the state as of the newest version. Upserted, never deleted and reinserted.
  CREATE TABLE position (
    sku            TEXT    COLLATE "C" NOT NULL,
    warehouse      TEXT    COLLATE "C" NOT NULL,
    -- Units; see Quantities in @edgestock/shared/inventory/position.
    on_hand        BIGINT  NOT NULL,
    -- May be negative, as on_hand may: both are what facts make.
    unsellable     BIGINT  NOT NULL,
    reserved       BIGINT  NOT NULL CHECK (reserved >= 0),
    committed      BIGINT  NOT NULL CHECK (committed >= 0),
    quota          BIGINT  NOT NULL CHECK (quota >= 0),
    safety_stock   BIGINT  NOT NULL CHECK (safety_stock >= 0),
    -- Counts the position's deltas at the node; guards the upsert. 0 = only a delta that could not be applied was seen.
    version        BIGINT  NOT NULL CHECK (version >= 0),
    -- Place in the node's log of this state's delta; may be ahead of the node's cursor (state lane).
    sequence       BIGINT  NOT NULL CHECK (sequence >= 0),
    -- Place of the position's last delta in the log of batches below; 0 = none yet. Where its history is read from.
    log_sequence   BIGINT  NOT NULL CHECK (log_sequence >= 0),
    -- The node's wall clock at that delta, ms.
    at             BIGINT  NOT NULL,
    -- A newer delta could not be applied: the state is from before it. Cleared by any newer state.
    suspect        BOOLEAN NOT NULL,
    -- The node's totals as far as central has seen them, each the largest ever: units granted to central, allocated by its
    -- directives, and given back as the node knows it.
    granted        BIGINT  NOT NULL DEFAULT 0 CHECK (granted >= 0),
    allocated      BIGINT  NOT NULL DEFAULT 0 CHECK (allocated >= 0),
    returned_seen  BIGINT  NOT NULL DEFAULT 0 CHECK (returned_seen >= 0),
    -- Central's own totals: units ever given back, and ever sent as allocations.
    returned       BIGINT  NOT NULL DEFAULT 0 CHECK (returned >= 0),
    allocated_sent BIGINT  NOT NULL DEFAULT 0 CHECK (allocated_sent >= 0),
    -- Units in open reservations. Unspent quota is granted - returned - allocated_sent - held, and never below zero (P3).
    held           BIGINT  NOT NULL DEFAULT 0 CHECK (held >= 0),
    -- Units of open transfers towards the warehouse: on nobody's hand, and promised to nobody.
    incoming       BIGINT  NOT NULL DEFAULT 0 CHECK (incoming >= 0),
    PRIMARY KEY (sku, warehouse)
  ) PARTITION BY HASH (warehouse);
  ${partitions('position')}
  -- Lists one warehouse in SKU order. Its columns never change, so an update of a position does not touch it.
  CREATE INDEX position_by_warehouse ON position (warehouse, sku);
  -- Looked at again when units of the SKU come to another warehouse. Mostly empty.
  CREATE INDEX position_short ON position (sku, warehouse)
    WHERE held > 0 AND reserved + committed + quota > greatest(0, on_hand - greatest(0, unsellable));
  -- Holds no row while promise P3 is kept, so that every scrape can ask.
  CREATE INDEX position_oversold ON position (warehouse, sku) WHERE granted - returned - allocated_sent - held < 0;
  -- Whose states are asked for again. Holds the suspect positions only: mostly none.
  CREATE INDEX position_suspect ON position (warehouse, sku) WHERE suspect;

  -- The answer per (SKU, channel), kept in the transaction that changes a position: a read is a look-up. Absent = zero.
  CREATE TABLE availability (
    sku      TEXT   COLLATE "C" NOT NULL,
    channel  TEXT   COLLATE "C" NOT NULL,
    -- Quota of the channel's warehouses that is promised to nobody: the sum of granted - returned - allocated_sent - held.
    unspent  BIGINT NOT NULL CHECK (unspent >= 0),
    -- Units of it that the channel keeps unsold. Available is max(0, unspent - buffer).
    buffer   BIGINT NOT NULL CHECK (buffer >= 0),
    -- Revision of the SKU's last change; the same in all its channels.
    revision BIGINT NOT NULL,
    PRIMARY KEY (sku, channel)
  ) PARTITION BY HASH (sku);
  ${partitions('availability')}
  -- What changed after a revision, for streams that resume. Not unique, since a unique index would have to begin with the SKU.
  CREATE INDEX availability_by_revision ON availability (channel, revision);

  -- The nodes' logs: one row per applied batch, so that a delta costs no row. Movements are read out of the bytes. The key finds
  -- the row that holds a sequence: the first whose last is not below it.
  CREATE SEQUENCE batch_number AS BIGINT;
  CREATE TABLE batch (
    -- Unique over all logs: by what a reader knows a batch again that it has decoded.
    id             BIGINT NOT NULL DEFAULT nextval('batch_number'),
    warehouse      TEXT   COLLATE "C" NOT NULL,
    epoch          BIGINT NOT NULL,
    -- The sequences this row added; the message may begin earlier, with some that were known already.
    first_sequence BIGINT NOT NULL,
    last_sequence  BIGINT NOT NULL CHECK (last_sequence >= first_sequence),
    -- Chain hash after the last.
    last_hash      BYTEA  NOT NULL CHECK (length(last_hash) = 32),
    received_at    BIGINT NOT NULL,
    -- The message as it came from the wire.
    bytes          BYTEA  NOT NULL,
    PRIMARY KEY (warehouse, last_sequence)
  ) PARTITION BY HASH (warehouse);
  ${partitions('batch')}

  -- What could not be applied, raw, for a person or a later release.
  CREATE TABLE quarantine (
    id             BIGINT GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    warehouse      TEXT   COLLATE "C" NOT NULL,
    reason         TEXT   NOT NULL CHECK (reason IN ('opaque', 'late-fact', 'fenced', 'delta')),
    detail         TEXT   NOT NULL,
    -- Where the bytes claim to stand; NULL where that could not be read.
    epoch          BIGINT,
    first_sequence BIGINT,
    last_sequence  BIGINT,
    sku            TEXT   COLLATE "C",
    -- SHA-256 of the bytes and their place: the same thing again is not kept again.
    digest         BYTEA  NOT NULL,
    at             BIGINT NOT NULL,
    bytes          BYTEA  NOT NULL,
    -- What a person made of it; NULL = open. When, by central's clock (ms), who decided, and why, in their words.
    settled_as     TEXT   CHECK (settled_as IN ('applied', 'dismissed')),
    settled_at     BIGINT,
    settled_by     TEXT,
    settled_why    TEXT,
    -- The last directive of its node's log that tells of it. NULL = none does.
    directive      BIGINT
  );
  CREATE UNIQUE INDEX quarantine_once ON quarantine (warehouse, digest);
  -- Few are open; the settled ones are kept for ever.
  CREATE INDEX quarantine_open ON quarantine (id) WHERE settled_as IS NULL;

  -- One row for each rejoin. The first life of a node has none.
  CREATE TABLE node_life (
    warehouse         TEXT   COLLATE "C" NOT NULL,
    epoch             BIGINT NOT NULL CHECK (epoch > 1),
    -- The installation that took over, and the one that owned the warehouse before.
    instance          TEXT   COLLATE "C" NOT NULL,
    previous_instance TEXT   COLLATE "C" NOT NULL,
    begun_at          BIGINT NOT NULL,
    -- The place in the node's log after which it begins.
    applied           BIGINT NOT NULL CHECK (applied >= 0),
    hash              BYTEA  NOT NULL CHECK (length(hash) = 32),
    -- The last directive whose effects are in the log up to there.
    down_sequence     BIGINT NOT NULL CHECK (down_sequence >= 0),
    down_hash         BYTEA  NOT NULL CHECK (length(down_hash) = 32),
    -- none | moved | all: what is counted before it is granted again.
    recount           TEXT   NOT NULL,
    -- Movements of the life before that were heard of and never came; up to when all of it was known, ms.
    lost              BIGINT NOT NULL,
    known_at          BIGINT NOT NULL,
    PRIMARY KEY (warehouse, epoch)
  );
  CREATE UNIQUE INDEX node_life_instance ON node_life (warehouse, instance);

  -- States that the life before had told ahead of its log, and that its log never came to.
  CREATE TABLE node_life_state (
    warehouse  TEXT   COLLATE "C" NOT NULL,
    epoch      BIGINT NOT NULL,
    sku        TEXT   COLLATE "C" NOT NULL,
    on_hand    BIGINT NOT NULL,
    unsellable BIGINT NOT NULL,
    -- The quota total that central goes on counting with.
    granted    BIGINT NOT NULL,
    -- Of the movement that led to the state: its place in the log that ended, the version, and when, ms.
    sequence   BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (warehouse, epoch, sku)
  );
`;

/** By hash of the key that its statements name. Eight, so that a table of some hundred million rows stays workable. */
function partitions(table: string): string {
  return Array.from(
    { length: 8 },
    (_, part) => `CREATE TABLE ${table}_${part} PARTITION OF ${table} FOR VALUES WITH (MODULUS 8, REMAINDER ${part});`,
  ).join('\n  ');
}
