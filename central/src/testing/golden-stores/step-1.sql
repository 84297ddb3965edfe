PRAGMA user_version = 1;
CREATE TABLE meta (
        id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        -- Life of central: another one after it was restored from a backup.
        central_epoch INTEGER NOT NULL CHECK (central_epoch > 0),
        -- Last revision given to a change of availability; counts up by one for each.
        revision      INTEGER NOT NULL CHECK (revision >= 0)
      ) STRICT;
INSERT INTO "meta" VALUES (1, 1, 10);
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
INSERT INTO "node" VALUES ('BER1', 1, 'a3ad7ec6d0f4412318be7c1131f04ba1', 1795901517854, 10, X'5f13bf4ccd836d8b46a4a7b1b9cee15ad6e00406e1c7e79c302223ffc01500a5', 1795901528023, 1795901528016, NULL, NULL, 1795901528025, 10, 10, -3, 1, 1, 1795901527024);
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
INSERT INTO "position" VALUES ('cake', 'BER1', 2, 0, 0, 0, 0, 0, 3, 9, 9, 1795901522005, 0);
INSERT INTO "position" VALUES ('mug', 'BER1', 10, 0, 0, 0, 0, 0, 3, 10, 10, 1795901528016, 0);
INSERT INTO "position" VALUES ('tea', 'BER1', 36, 0, 0, 0, 0, 0, 4, 7, 7, 1795901521979, 0);
CREATE TABLE availability (
        sku       TEXT    NOT NULL,
        channel   TEXT    NOT NULL,
        -- Sum over the warehouses of what each may promise, each at least 0.
        available INTEGER NOT NULL,
        -- Revision of the last change of any of its positions.
        revision  INTEGER NOT NULL,
        PRIMARY KEY (sku, channel)
      ) STRICT, WITHOUT ROWID;
INSERT INTO "availability" VALUES ('cake', 'default', 2, 9);
INSERT INTO "availability" VALUES ('mug', 'default', 10, 10);
INSERT INTO "availability" VALUES ('tea', 'default', 36, 7);
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
INSERT INTO "batch" VALUES (1, 'BER1', 1, 1, 3, X'f84fdde03b23ca3f28821eb7b076a39a25a4b3b2e9f9136e988858301fb0dd93', 1795901521947, X'9c01a44245523101d92061336164376563366430663434313233313862653763313133316630346261310103c4200000000000000000000000000000000000000000000000000000000000000000c420f84fdde03b23ca3f28821eb7b076a39a25a4b3b2e9f9136e988858301fb0dd93010093c41d9901a37465612801009128cb427a224128006000009201a544454c2d31c42b9901a36d75670c0100910ccb427a224128006000019431a544454c2d31a24c31aa323032372d30312d3331c41e9901a463616b650501009105cb427a224128006000029201a544454c2d31cead073171');
INSERT INTO "batch" VALUES (2, 'BER1', 1, 4, 5, X'ca060dcca4504e7ae87846b248e8f6cfa2462f2d0191e89bb1039b6114a0f8da', 1795901521968, X'9c01a44245523101d92061336164376563366430663434313233313862653763313133316630346261310405c420f84fdde03b23ca3f28821eb7b076a39a25a4b3b2e9f9136e988858301fb0dd93c420ca060dcca4504e7ae87846b248e8f6cfa2462f2d0191e89bb1039b6114a0f8da010092c41d9902a3746561fe02019126cb427a22412802a000009201a574312f7231c4209902a36d7567ff0202910bcb427a22412802a000019311a574312f7231a24c31ce10642236');
INSERT INTO "batch" VALUES (3, 'BER1', 1, 6, 6, X'd1a03652937caea6d979a867c11024c3f8b27b6fac4e1d7b7a2b7d8a22473e70', 1795901521976, X'9c01a44245523101d92061336164376563366430663434313233313862653763313133316630346261310606c420ca060dcca4504e7ae87846b248e8f6cfa2462f2d0191e89bb1039b6114a0f8dac420d1a03652937caea6d979a867c11024c3f8b27b6fac4e1d7b7a2b7d8a22473e70010091c41d9902a3746561fd03049123cb427a224128033000009201a574312f7232ce71326bf8');
INSERT INTO "batch" VALUES (4, 'BER1', 1, 7, 7, X'018226ddb700d893a75a7bc515112a794f0d863475967ece5adff1cb8535f670', 1795901521986, X'9c01a44245523101d92061336164376563366430663434313233313862653763313133316630346261310707c420d1a03652937caea6d979a867c11024c3f8b27b6fac4e1d7b7a2b7d8a22473e70c420018226ddb700d893a75a7bc515112a794f0d863475967ece5adff1cb8535f670010091c41d9903a37465610104069124cb427a22412803b000009201a574312f7233ce2b869429');
INSERT INTO "batch" VALUES (5, 'BER1', 1, 8, 8, X'c4a316d7b4eee7646a1adbddbd5adc75243effd0783de5eb16fc5615e0930852', 1795901521996, X'9c01a44245523101d92061336164376563366430663434313233313862653763313133316630346261310808c420018226ddb700d893a75a7bc515112a794f0d863475967ece5adff1cb8535f670c420c4a316d7b4eee7646a1adbddbd5adc75243effd0783de5eb16fc5615e0930852010091c4249906a463616b65fa020391ffcb427a224128047000009305a3532d31a764616d61676564cebfe98ac8');
INSERT INTO "batch" VALUES (6, 'BER1', 1, 9, 9, X'6065f47c1ce5bf138aafd4e16555b1cd08558d4860ca700a459847829a633ad3', 1795901522010, X'9c01a44245523101d92061336164376563366430663434313233313862653763313133316630346261310909c420c4a316d7b4eee7646a1adbddbd5adc75243effd0783de5eb16fc5615e0930852c4206065f47c1ce5bf138aafd4e16555b1cd08558d4860ca700a459847829a633ad3010091c4169807a463616b650303089102cb427a22412805500000cec778e637');
INSERT INTO "batch" VALUES (7, 'BER1', 1, 10, 10, X'5f13bf4ccd836d8b46a4a7b1b9cee15ad6e00406e1c7e79c302223ffc01500a5', 1795901528023, X'9c01a44245523101d92061336164376563366430663434313233313862653763313133316630346261310a0ac4206065f47c1ce5bf138aafd4e16555b1cd08558d4860ca700a459847829a633ad3c4205f13bf4ccd836d8b46a4a7b1b9cee15ad6e00406e1c7e79c302223ffc01500a5010091c4209902a36d7567ff0305910acb427a2241297d0000009311a574322f7234a24c31ce5e5ccbb5');
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
CREATE INDEX position_by_warehouse ON position (warehouse, sku);
CREATE UNIQUE INDEX availability_by_revision ON availability (revision);
CREATE UNIQUE INDEX batch_by_place ON batch (warehouse, last_sequence);
CREATE UNIQUE INDEX quarantine_once ON quarantine (warehouse, digest);
