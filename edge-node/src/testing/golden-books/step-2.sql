PRAGMA user_version = 2;
CREATE TABLE node (
        id INTEGER PRIMARY KEY CHECK (id = 1), -- order of opening
        warehouse TEXT NOT NULL,             -- the warehouse this database belongs to, for ever
        instance TEXT NOT NULL,              -- random, made at install: two copies of a disk differ from two installs
        sequence INTEGER NOT NULL,           -- last committed sequence
        hash BLOB NOT NULL,                  -- chain hash at that sequence
        checkpoint_sequence INTEGER NOT NULL,-- last sequence trimmed from the log; 0 = nothing was
        checkpoint_hash BLOB NOT NULL,       -- chain hash there: where a re-walk of the chain begins
        applied_up_to INTEGER NOT NULL,      -- central's cursor in this log as last heard; trimming stays behind it
        installed_at INTEGER NOT NULL        -- ms since 1970 UTC
      ) STRICT;
INSERT INTO "node" VALUES (1, 'BER1', 'a3ad7ec6d0f4412318be7c1131f04ba1', 10, X'5f13bf4ccd836d8b46a4a7b1b9cee15ad6e00406e1c7e79c302223ffc01500a5', 0, X'0000000000000000000000000000000000000000000000000000000000000000', 10, 1795901517784);
CREATE TABLE epoch (
        epoch INTEGER PRIMARY KEY,           -- issued by central; 0 = provisional, before the first contact
        first_sequence INTEGER NOT NULL,     -- the first sequence of this life
        begun_at INTEGER NOT NULL            -- ms since 1970 UTC
      ) STRICT;
INSERT INTO "epoch" VALUES (1, 1, 1795901517784);
CREATE TABLE item (
        sku TEXT PRIMARY KEY,                -- the seller's key
        name TEXT,                           -- as the catalogue has it
        is_listed INTEGER NOT NULL,          -- 0 = first seen in a fact, in no catalogue
        updated_at INTEGER NOT NULL          -- ms since 1970 UTC
      ) STRICT, WITHOUT ROWID;
INSERT INTO "item" VALUES ('cake', NULL, 0, 1795901521926);
INSERT INTO "item" VALUES ('mug', NULL, 0, 1795901521926);
INSERT INTO "item" VALUES ('tea', NULL, 0, 1795901521926);
CREATE TABLE barcode (
        barcode TEXT PRIMARY KEY,            -- GTIN-14, or a shop's own code as scanned
        sku TEXT NOT NULL REFERENCES item (sku), -- the seller's key
        multiple INTEGER NOT NULL            -- base units that one scan means: 12 for a case of 12
      ) STRICT, WITHOUT ROWID;
CREATE TABLE lot (
        sku TEXT NOT NULL,                    -- the seller's key
        lot TEXT NOT NULL,                    -- as printed; '' = no lot
        expiry TEXT NOT NULL,                -- YYYY-MM-DD; the last one stated wins
        PRIMARY KEY (sku, lot)
      ) STRICT, WITHOUT ROWID;
INSERT INTO "lot" VALUES ('mug', 'L1', '2027-01-31');
CREATE TABLE position (
        sku TEXT PRIMARY KEY,                 -- the seller's key
        on_hand INTEGER NOT NULL,             -- units physically here
        unsellable INTEGER NOT NULL,          -- part of on hand that may not be sold
        reserved INTEGER NOT NULL,            -- timed set-asides
        committed INTEGER NOT NULL,           -- set aside for firm orders
        quota INTEGER NOT NULL,               -- given to central to promise
        safety_stock INTEGER NOT NULL,        -- kept out of every offer
        version INTEGER NOT NULL,            -- counts this position's movements
        sequence INTEGER NOT NULL,           -- its last movement's place in the log
        changed_at INTEGER NOT NULL          -- when that was recorded, ms since 1970 UTC
      ) STRICT, WITHOUT ROWID;
INSERT INTO "position" VALUES ('cake', 2, 0, 0, 0, 0, 0, 3, 9, 1795901522005);
INSERT INTO "position" VALUES ('mug', 10, 0, 0, 0, 0, 0, 3, 10, 1795901528016);
INSERT INTO "position" VALUES ('tea', 36, 0, 0, 0, 0, 0, 4, 7, 1795901521979);
CREATE TABLE balance (
        sku TEXT NOT NULL,                    -- the seller's key
        bin TEXT NOT NULL,                   -- '' = the default bin
        lot TEXT NOT NULL,                   -- '' = no lot
        condition INTEGER NOT NULL,          -- index into shared/inventory/movement.ts conditions
        quantity INTEGER NOT NULL CHECK (quantity <> 0), -- base units
        PRIMARY KEY (sku, bin, lot, condition)
      ) STRICT, WITHOUT ROWID;
INSERT INTO "balance" VALUES ('cake', '', '', 0, 2);
INSERT INTO "balance" VALUES ('mug', '', 'L1', 0, 10);
INSERT INTO "balance" VALUES ('tea', '', '', 0, 36);
CREATE TABLE movement (
        sequence INTEGER PRIMARY KEY,        -- 1, 2, 3, ... without a gap
        sku TEXT NOT NULL,                   -- repeated from the delta for the index
        delta BLOB NOT NULL,                 -- canonical bytes: hashed, stored and sent as they are
        hash BLOB NOT NULL                   -- SHA-256(hash of the one before, delta)
      ) STRICT;
INSERT INTO "movement" VALUES (1, 'tea', X'9901a37465612801009128cb427a224128006000009201a544454c2d31', X'ca3b11636e3a94d43d991f4a940f1935cb70b49f8f92d12f398bcebc3d115c6a');
INSERT INTO "movement" VALUES (2, 'mug', X'9901a36d75670c0100910ccb427a224128006000019431a544454c2d31a24c31aa323032372d30312d3331', X'1b70b96c665be4833da06431a76bc2a0e1838499d3f12fd12470679b57db9748');
INSERT INTO "movement" VALUES (3, 'cake', X'9901a463616b650501009105cb427a224128006000029201a544454c2d31', X'f84fdde03b23ca3f28821eb7b076a39a25a4b3b2e9f9136e988858301fb0dd93');
INSERT INTO "movement" VALUES (4, 'tea', X'9902a3746561fe02019126cb427a22412802a000009201a574312f7231', X'c570f347fc5bb6c6eb287bb91df8099ab2d747d678409624bad0a42843b42b54');
INSERT INTO "movement" VALUES (5, 'mug', X'9902a36d7567ff0202910bcb427a22412802a000019311a574312f7231a24c31', X'ca060dcca4504e7ae87846b248e8f6cfa2462f2d0191e89bb1039b6114a0f8da');
INSERT INTO "movement" VALUES (6, 'tea', X'9902a3746561fd03049123cb427a224128033000009201a574312f7232', X'd1a03652937caea6d979a867c11024c3f8b27b6fac4e1d7b7a2b7d8a22473e70');
INSERT INTO "movement" VALUES (7, 'tea', X'9903a37465610104069124cb427a22412803b000009201a574312f7233', X'018226ddb700d893a75a7bc515112a794f0d863475967ece5adff1cb8535f670');
INSERT INTO "movement" VALUES (8, 'cake', X'9906a463616b65fa020391ffcb427a224128047000009305a3532d31a764616d61676564', X'c4a316d7b4eee7646a1adbddbd5adc75243effd0783de5eb16fc5615e0930852');
INSERT INTO "movement" VALUES (9, 'cake', X'9807a463616b650303089102cb427a22412805500000', X'6065f47c1ce5bf138aafd4e16555b1cd08558d4860ca700a459847829a633ad3');
INSERT INTO "movement" VALUES (10, 'mug', X'9902a36d7567ff0305910acb427a2241297d0000009311a574322f7234a24c31', X'5f13bf4ccd836d8b46a4a7b1b9cee15ad6e00406e1c7e79c302223ffc01500a5');
CREATE TABLE checkpoint_balance (
        sku TEXT NOT NULL,                    -- the seller's key
        bin TEXT NOT NULL,                    -- '' = the default bin
        lot TEXT NOT NULL,                    -- as printed; '' = no lot
        condition INTEGER NOT NULL,           -- index into shared/inventory/movement.ts conditions
        quantity INTEGER NOT NULL,            -- base units
        PRIMARY KEY (sku, bin, lot, condition)
      ) STRICT, WITHOUT ROWID;
CREATE TABLE idempotency (
        first_sequence INTEGER PRIMARY KEY,  -- the command's first movement
        movement_count INTEGER NOT NULL,      -- how many movements it led to
        scope TEXT NOT NULL,                 -- which door the key belongs to
        key TEXT NOT NULL,                    -- as the caller sent it
        fingerprint TEXT NOT NULL,           -- digest of the body: same key, other body is refused
        exceptions TEXT,                     -- JSON of the exceptions it opened; NULL = none
        UNIQUE (scope, key)
      ) STRICT;
INSERT INTO "idempotency" VALUES (1, 3, 'key', 'k1', 'KAYbszImoZxrA3QsYD9tCtq24lCiBDxh9xYKvBIssiw', '[{"kind":"unknown-sku","sku":"tea","sequence":1,"deficit":0},{"kind":"unknown-sku","sku":"mug","sequence":2,"deficit":0},{"kind":"unknown-sku","sku":"cake","sequence":3,"deficit":0}]');
INSERT INTO "idempotency" VALUES (4, 2, 'sale', 't1
r1', 'Qb4duOjKhPegoqzXa-cvO-U_orXG1cRF2OMAFKicplI', NULL);
INSERT INTO "idempotency" VALUES (6, 1, 'sale', 't1
r2', 'ovP0ZzZ8ec5Hq7-fyacAVWA3vo_swToqcurBPB4x3N0', NULL);
INSERT INTO "idempotency" VALUES (7, 1, 'return', 't1
r3', 'NHdQ-yPPrrD226YuJNAbwA0pdIQTdOjoMCkrWO5Zokw', NULL);
INSERT INTO "idempotency" VALUES (8, 1, 'key', 'k2', 'sPLR06Lg9MNSQpWi00z2mpeU9g0c8cUPldhMgXqUijQ', '[{"kind":"negative-on-hand","sku":"cake","sequence":8,"deficit":1}]');
INSERT INTO "idempotency" VALUES (9, 1, 'key', 'k3', '_V17EOKrb4Nk6vWaM3chJnGL3JIwmtkC8-ng7B8QTJE', NULL);
INSERT INTO "idempotency" VALUES (10, 1, 'sale', 't2
r4', 'PkcPrYGRtpXxc9vNmFQqd0ebuUd2r7v5SJ94cGYBFH8', NULL);
CREATE TABLE exception (
        id INTEGER PRIMARY KEY,               -- order of opening
        kind TEXT NOT NULL,                   -- see rules/command.ts ExceptionKind
        sku TEXT NOT NULL,                    -- the seller's key
        sequence INTEGER NOT NULL,           -- the last movement that (re)opened it
        deficit INTEGER NOT NULL,            -- units missing as of that movement; 0 where units are not what is wrong
        opened_at INTEGER NOT NULL,          -- ms since 1970 UTC
        resolved_at INTEGER,                 -- NULL = open
        resolved_by INTEGER                  -- the movement that made it good
      ) STRICT;
INSERT INTO "exception" VALUES (1, 'unknown-sku', 'tea', 1, 0, 1795901521926, NULL, NULL);
INSERT INTO "exception" VALUES (2, 'unknown-sku', 'mug', 2, 0, 1795901521926, NULL, NULL);
INSERT INTO "exception" VALUES (3, 'unknown-sku', 'cake', 3, 0, 1795901521926, NULL, NULL);
INSERT INTO "exception" VALUES (4, 'negative-on-hand', 'cake', 8, 1, 1795901521991, 1795901522005, 9);
CREATE TABLE import_job (
        id TEXT PRIMARY KEY,                 -- digest of warehouse, kind, file and mapping: a finished import is known again
        kind TEXT NOT NULL,                  -- catalogue | stock
        document TEXT NOT NULL,              -- name of the file: what the counts of a stock import refer to
        state TEXT NOT NULL CHECK (state IN ('staging', 'applying', 'done')), -- how far it has got
        at_sequence INTEGER NOT NULL,        -- log place when staging began: stock rows are counts as of here
        row_count INTEGER NOT NULL,          -- rows announced; all must be staged before any is applied
        staged_count INTEGER NOT NULL,       -- rows staged
        applied_count INTEGER NOT NULL,      -- rows applied; applied rows are deleted below
        unlisted_count INTEGER NOT NULL,     -- SKUs that no catalogue had named before their stock was applied
        begun_at INTEGER NOT NULL,           -- ms since 1970 UTC
        finished_at INTEGER                  -- ms since 1970 UTC; NULL = not yet
      ) STRICT;
CREATE TABLE import_row (
        job TEXT NOT NULL REFERENCES import_job (id), -- the import it belongs to
        key TEXT NOT NULL,                   -- SKU, then what tells its rows apart (stock: the counted place)
        line INTEGER NOT NULL,               -- line number in the file
        fields TEXT NOT NULL,                -- the checked row as JSON
        PRIMARY KEY (job, key)
      ) STRICT, WITHOUT ROWID;
CREATE INDEX movement_by_sku ON movement (sku, sequence);
CREATE UNIQUE INDEX exception_open ON exception (kind, sku) WHERE resolved_at IS NULL;
