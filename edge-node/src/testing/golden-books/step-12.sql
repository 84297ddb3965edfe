PRAGMA user_version = 12;
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
INSERT INTO "node" VALUES (1, 'BER1', '0c2ddaf8439b112e1221523b78b3b3c9', 19, X'6a3c630f8c9d0408f191c26b311e27b2c4c7a7d53b903242f0dbbcca8de4451b', 0, X'0000000000000000000000000000000000000000000000000000000000000000', 19, 1795901543799);
CREATE TABLE epoch (
        epoch INTEGER PRIMARY KEY,           -- issued by central; 0 = provisional, before the first contact
        first_sequence INTEGER NOT NULL,     -- the first sequence of this life
        begun_at INTEGER NOT NULL            -- ms since 1970 UTC
      ) STRICT;
INSERT INTO "epoch" VALUES (1, 1, 1795901543799);
CREATE TABLE item (
        sku TEXT PRIMARY KEY,                -- the seller's key
        name TEXT,                           -- as the catalogue has it
        is_listed INTEGER NOT NULL,          -- 0 = first seen in a fact, in no catalogue
        updated_at INTEGER NOT NULL          -- ms since 1970 UTC
      ) STRICT, WITHOUT ROWID;
INSERT INTO "item" VALUES ('cake', NULL, 0, 1795901546598);
INSERT INTO "item" VALUES ('mug', NULL, 0, 1795901546598);
INSERT INTO "item" VALUES ('tea', NULL, 0, 1795901546598);
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
      , granted INTEGER NOT NULL DEFAULT 0, allocated INTEGER NOT NULL DEFAULT 0, returned INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
INSERT INTO "position" VALUES ('cake', 2, 0, 0, 0, 1, 0, 6, 18, 1795901548708, 3, 0, 2);
INSERT INTO "position" VALUES ('mug', 10, 0, 2, 0, 6, 0, 5, 19, 1795901555771, 6, 0, 0);
INSERT INTO "position" VALUES ('tea', 32, 0, 0, 0, 20, 0, 8, 17, 1795901546745, 20, 0, 0);
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
INSERT INTO "balance" VALUES ('tea', '', '', 0, 32);
CREATE TABLE movement (
        sequence INTEGER PRIMARY KEY,        -- 1, 2, 3, ... without a gap
        sku TEXT NOT NULL,                   -- repeated from the delta for the index
        delta BLOB NOT NULL,                 -- canonical bytes: hashed, stored and sent as they are
        hash BLOB NOT NULL                   -- SHA-256(hash of the one before, delta)
      ) STRICT;
INSERT INTO "movement" VALUES (1, 'tea', X'9901a37465612801009128cb427a22412e066000009201a544454c2d31', X'a8ecb9b3e1aada21c1d8522feb2a598787e5fed9c65aa0d58533c2df03bcc7ab');
INSERT INTO "movement" VALUES (2, 'mug', X'9901a36d75670c0100910ccb427a22412e066000019431a544454c2d31a24c31aa323032372d30312d3331', X'333c49a6e2da6d657afd094749eb90b2876c5bc720b685a596e4d0eb9d3aebb9');
INSERT INTO "movement" VALUES (3, 'cake', X'9901a463616b650501009105cb427a22412e066000029201a544454c2d31', X'dbdafce4d59e1461793e869a29ff27e7a571ff77123f171c270b37ee8a32c380');
INSERT INTO "movement" VALUES (4, 'tea', X'980da37465611402019728000000140014cb427a22412e08100000', X'7ad371473df20483902fd8941c952a7b44e9f8dd61ca231516d46d5faa4cd8e0');
INSERT INTO "movement" VALUES (5, 'mug', X'980da36d7567060202970c000000060006cb427a22412e08100001', X'3809703147e918388bf4ea706d3ca75b22000670cb9438225e7348e64d47aef2');
INSERT INTO "movement" VALUES (6, 'cake', X'980da463616b650202039705000000020002cb427a22412e08100002', X'e8545c0d614406cfaac71a81b3618ab06504002bd2c11132343a60a3b72b5d2b');
INSERT INTO "movement" VALUES (7, 'tea', X'9902a3746561fe03049726000000140014cb427a22412e08f000009201a574312f7231', X'620151d1eeb58c2165bc4bd86f59f5f608b21fc91a6ee0deb130b01c97248abd');
INSERT INTO "movement" VALUES (8, 'mug', X'9902a36d7567ff0305970b000000060006cb427a22412e08f000019311a574312f7231a24c31', X'88ce4f3f2953bf678e30f92f75e33d9d0a3f33d5c4a0532db1b1091cffb729b9');
INSERT INTO "movement" VALUES (9, 'tea', X'9902a3746561fd04079723000000140014cb427a22412e09d000009201a574312f7232', X'37384b8febba530bcfc0f47a7525ed5ace5b2b5e5a12257eb5fb3299f8bd03c1');
INSERT INTO "movement" VALUES (10, 'tea', X'9903a37465610105099724000000140014cb427a22412e0a7000009201a574312f7233', X'1039d72e771eab4867c76b3e1a87693fc8f5954b2ee4f31a866f3eaec036efd2');
INSERT INTO "movement" VALUES (11, 'cake', X'9906a463616b65fa030697ff000000020002cb427a22412e0b9000009305a3532d31a764616d61676564', X'c6135cf901721b74edeb7ec07b132649ccfb53d0f9b1899e03e113b557c26755');
INSERT INTO "movement" VALUES (12, 'cake', X'9807a463616b6503040b9702000000020002cb427a22412e0c100000', X'0e5bbf2d4c02db5255ef30ed7cd07fe1f536fc896f55f3d56fdfc438ab3541e5');
INSERT INTO "movement" VALUES (13, 'cake', X'980ea463616b6502050c99020000000000020002cb427a22412e0cc00000', X'4a56d4c9edc0c1086b58621d5909e1e2f5423ff331a2c037ee65ae8ea1920a3e');
INSERT INTO "movement" VALUES (14, 'mug', X'9909a36d7567020408970b000200060006cb427a22412e0d9000009201a57265732d31', X'e31194f38467efef762fcf70e24fb1528eb457bbab82f1be518c37afa083da3d');
INSERT INTO "movement" VALUES (15, 'tea', X'990ba374656104060a9724000004140014cb427a22412e0e80000093cd2001a3542d31a448414d31', X'f976d92c0b3802ddc2f25a6d656cb8882b47268a6bc0154448d3f1800f9cbd73');
INSERT INTO "movement" VALUES (16, 'tea', X'990ca374656104070f9724000000140014cb427a22412e0f90000093cd2001a3542d31a448414d31', X'a98a5a45e1cb694fe3a5729b193c07d931eafb051e31b5d4be50eb555d467526');
INSERT INTO "movement" VALUES (17, 'tea', X'9911a3746561fc08109720000000140014cb427a22412e0f90000093cd2001a3542d31a448414d31', X'8d872325d552d14795f75591e6b26e75e27e3c593b453c4175a5f6029fc581f0');
INSERT INTO "movement" VALUES (18, 'cake', X'980da463616b6501060d99020000000100030002cb427a22412e8a400000', X'c9ad0484b07e66bbc3fc60a453f6814b48f29c893a51037606b3ab254cff6e44');
INSERT INTO "movement" VALUES (19, 'mug', X'9902a36d7567ff050e970a000200060006cb427a22413043b000009311a574322f7234a24c31', X'6a3c630f8c9d0408f191c26b311e27b2c4c7a7d53b903242f0dbbcca8de4451b');
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
INSERT INTO "idempotency" VALUES (7, 2, 'sale', 't1
r1', 'Qb4duOjKhPegoqzXa-cvO-U_orXG1cRF2OMAFKicplI', NULL);
INSERT INTO "idempotency" VALUES (9, 1, 'sale', 't1
r2', 'ovP0ZzZ8ec5Hq7-fyacAVWA3vo_swToqcurBPB4x3N0', NULL);
INSERT INTO "idempotency" VALUES (10, 1, 'return', 't1
r3', 'NHdQ-yPPrrD226YuJNAbwA0pdIQTdOjoMCkrWO5Zokw', NULL);
INSERT INTO "idempotency" VALUES (11, 1, 'key', 'k2', 'sPLR06Lg9MNSQpWi00z2mpeU9g0c8cUPldhMgXqUijQ', '[{"kind":"negative-on-hand","sku":"cake","sequence":11,"deficit":1}]');
INSERT INTO "idempotency" VALUES (12, 1, 'key', 'k3', '_V17EOKrb4Nk6vWaM3chJnGL3JIwmtkC8-ng7B8QTJE', NULL);
INSERT INTO "idempotency" VALUES (14, 1, 'key', 'k5', 'SjhTYsCali34eBcztqVYgnI5WCvcUDogJEjqNCJLPj4', NULL);
INSERT INTO "idempotency" VALUES (15, 1, 'key', 'k6', 'v7k9-8DrWS2X17vJLPc5d9IRhsdOCrq26XU7N83Et3c', NULL);
INSERT INTO "idempotency" VALUES (16, 2, 'key', 'k7', 'Pso61uhGCALMj9BMdAQh-eiRfC8-74b6G-FsIOk5-RY', NULL);
INSERT INTO "idempotency" VALUES (19, 1, 'sale', 't2
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
      , closed_by TEXT, closing_note TEXT, barcode TEXT) STRICT;
INSERT INTO "exception" VALUES (1, 'unknown-sku', 'tea', 1, 0, 1795901546598, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "exception" VALUES (2, 'unknown-sku', 'mug', 2, 0, 1795901546598, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "exception" VALUES (3, 'unknown-sku', 'cake', 3, 0, 1795901546598, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "exception" VALUES (4, 'negative-on-hand', 'cake', 11, 1, 1795901546681, 1795901546689, 12, NULL, NULL, NULL);
CREATE TABLE "import_job" (
        id TEXT PRIMARY KEY,                 -- digest of warehouse, kind, file and mapping: a finished import is known again
        kind TEXT NOT NULL,                  -- catalogue | stock
        document TEXT NOT NULL,              -- name of the file: what the counts of a stock import refer to
        state TEXT NOT NULL                  -- how far it has got; dropping goes on at the next start, failed never does
          CHECK (state IN ('staging', 'dropping', 'applying', 'failed', 'done')),
        at_sequence INTEGER NOT NULL,        -- log place when staging began: stock rows are counts as of here
        row_count INTEGER NOT NULL,          -- rows announced; all must be staged before any is applied
        staged_count INTEGER NOT NULL,       -- rows staged, less those taken back
        applied_count INTEGER NOT NULL,      -- rows applied; applied rows are deleted below
        unlisted_count INTEGER NOT NULL,     -- SKUs that no catalogue had named before their stock was applied
        last_line INTEGER NOT NULL,          -- highest line staged: a row beyond it repeats none
        key_prefix TEXT NOT NULL,            -- begins the keys of its commands; another whenever it is begun anew
        failure TEXT,                        -- where and why it failed; NULL = it has not
        begun_at INTEGER NOT NULL,           -- ms since 1970 UTC
        finished_at INTEGER                  -- ms since 1970 UTC; NULL = not yet
      ) STRICT;
CREATE TABLE "import_row" (
        job TEXT NOT NULL REFERENCES "import_job" (id), -- the import it belongs to
        key TEXT NOT NULL,                   -- SKU, then what tells its rows apart (stock: the counted place)
        line INTEGER NOT NULL,               -- line number in the file
        fields TEXT NOT NULL,                -- the checked row as JSON
        PRIMARY KEY (job, key)
      ) STRICT, WITHOUT ROWID;
CREATE TABLE age (
        id INTEGER PRIMARY KEY CHECK (id = 1), -- the one row
        aged_ms INTEGER NOT NULL,            -- time that has passed, in ms
        wall_at INTEGER NOT NULL             -- wall clock at the last look, ms since 1970 UTC: for the time the node is off
      ) STRICT;
CREATE TABLE age_mark (
        sequence INTEGER PRIMARY KEY,        -- the log's head then
        aged_ms INTEGER NOT NULL             -- age.aged_ms then
      ) STRICT;
CREATE TABLE inbox (
        id INTEGER PRIMARY KEY CHECK (id = 1), -- one row
        central_epoch INTEGER NOT NULL,      -- the life of central that wrote the log
        sequence INTEGER NOT NULL,           -- the last directive carried out
        hash BLOB NOT NULL                   -- chain hash of central's log there
      ) STRICT;
INSERT INTO "inbox" VALUES (1, 1, 2, X'c362f7733108d4ad496a396972a7f45cfd4db8d71b2735e745d23491bd8a5a2a');
CREATE TABLE refused_directive (
        central_epoch INTEGER NOT NULL,      -- the life of central that wrote it
        sequence INTEGER NOT NULL,           -- its place in central's log
        directive BLOB NOT NULL,             -- its bytes, for a release that knows them
        reason TEXT NOT NULL,                -- why it was not carried out, in words
        received_at INTEGER NOT NULL,        -- ms since 1970 UTC
        PRIMARY KEY (central_epoch, sequence)
      ) STRICT, WITHOUT ROWID;
CREATE TABLE policy (
        id INTEGER PRIMARY KEY CHECK (id = 1), -- one row
        class TEXT NOT NULL,                 -- store | distribution-centre
        share_percent INTEGER NOT NULL,      -- of what may be promised, the part granted to central: 0 to 100
        safety_stock INTEGER NOT NULL        -- units of every SKU kept out of every offer
      ) STRICT;
INSERT INTO "policy" VALUES (1, 'store', 50, 0);
CREATE TABLE sku_policy (
        sku TEXT PRIMARY KEY,                -- the seller's key
        share_percent INTEGER,               -- NULL = as the policy has it
        safety_stock INTEGER                 -- NULL = as the policy has it
      ) STRICT, WITHOUT ROWID;
CREATE TABLE task (
        number INTEGER PRIMARY KEY,          -- order of arrival
        id TEXT NOT NULL UNIQUE,             -- central's name for it: the document of its movements
        order_id TEXT NOT NULL,              -- the order it serves
        state TEXT NOT NULL,                 -- open | picked | packed | shipped | released
        due_at INTEGER,                      -- when it should be shipped, ms since 1970 UTC; NULL = no deadline
        tracking TEXT,                       -- the carrier's number, once shipped
        made_at INTEGER NOT NULL,            -- ms since 1970 UTC
        changed_at INTEGER NOT NULL          -- ms since 1970 UTC
      ) STRICT;
CREATE TABLE task_line (
        task TEXT NOT NULL REFERENCES task (id), -- the task it belongs to
        sku TEXT NOT NULL,                   -- the seller's key
        quantity INTEGER NOT NULL,           -- units allocated
        released INTEGER NOT NULL,           -- of these, given up
        shipped INTEGER NOT NULL,            -- of these, gone to the buyer
        picks TEXT NOT NULL,                 -- JSON: where the units that are ready to ship were found
        PRIMARY KEY (task, sku)
      ) STRICT, WITHOUT ROWID;
CREATE TABLE task_step (
        task TEXT NOT NULL REFERENCES task (id), -- the task it belongs to
        step TEXT NOT NULL,                  -- pick | pack | ship
        fingerprint TEXT NOT NULL,           -- digest of the request
        actor TEXT,                          -- who did it, when they said
        answer TEXT NOT NULL,                -- JSON of the task as the request was told
        at INTEGER NOT NULL,                 -- ms since 1970 UTC
        PRIMARY KEY (task, step)
      ) STRICT, WITHOUT ROWID;
CREATE TABLE reservation (
        number INTEGER PRIMARY KEY,          -- order of making
        id TEXT NOT NULL UNIQUE,             -- the caller's name for it, or the node's: the document of its movements
        owner TEXT NOT NULL,                 -- whom the units are kept for
        note TEXT,                           -- in the caller's words; NULL = none
        state TEXT NOT NULL CHECK (state IN ('held', 'confirmed', 'fulfilled', 'released', 'expired')), -- see rules/reservation.ts
        fingerprint TEXT NOT NULL,           -- digest of the request that made it: same id, other request is refused
        created_at INTEGER NOT NULL,         -- ms since 1970 UTC
        expires_at INTEGER NOT NULL,         -- when a held one ends, ms since 1970 UTC by the expiry clock
        ended_at INTEGER,                    -- when it was fulfilled, released or expired, ms since 1970 UTC; NULL = open
        receipt TEXT                         -- document of the sale that fulfilled it; NULL = none did
      ) STRICT;
INSERT INTO "reservation" VALUES (1, 'res-1', 'desk', NULL, 'held', 'SjhTYsCali34eBcztqVYgnI5WCvcUDogJEjqNCJLPj4', 1795901546713, 1795987946713, NULL, NULL);
CREATE TABLE reservation_line (
        reservation TEXT NOT NULL REFERENCES reservation (id), -- the reservation it belongs to
        sku TEXT NOT NULL,                   -- the seller's key
        quantity INTEGER NOT NULL CHECK (quantity > 0), -- base units
        line INTEGER NOT NULL,               -- order within the reservation
        PRIMARY KEY (reservation, sku)
      ) STRICT, WITHOUT ROWID;
INSERT INTO "reservation_line" VALUES ('res-1', 'mug', 2, 0);
CREATE TABLE transfer (
        number INTEGER PRIMARY KEY,          -- order of becoming known here
        id TEXT NOT NULL UNIQUE,             -- its name at both ends: the document of its movements
        from_warehouse TEXT NOT NULL,        -- where the goods leave
        to_warehouse TEXT NOT NULL,          -- where they are to arrive
        state TEXT NOT NULL CHECK (state IN ('planned', 'shipped', 'receiving', 'closed', 'cancelled')), -- see rules/transfer.ts
        note TEXT,                           -- in the words of whoever planned it; NULL = none
        is_complete INTEGER NOT NULL CHECK (is_complete IN (0, 1)), -- 1 = said to have come in whole
        closing_reason TEXT,                 -- why what is missing will not come; NULL = nobody has said so
        closing_actor TEXT,                  -- who said so
        planned_as TEXT,                     -- digest of the request that planned it; NULL = planned elsewhere
        shipped_as TEXT,                     -- digest of the request that shipped it; NULL = not shipped from here
        made_at INTEGER NOT NULL,            -- ms since 1970 UTC
        changed_at INTEGER NOT NULL,         -- ms since 1970 UTC
        CHECK ((closing_reason IS NULL) = (closing_actor IS NULL))
      ) STRICT;
INSERT INTO "transfer" VALUES (1, 'T-1', 'BER1', 'HAM1', 'shipped', NULL, 0, NULL, NULL, 'v7k9-8DrWS2X17vJLPc5d9IRhsdOCrq26XU7N83Et3c', 'o-Pz1ejyuduB2shAxfKjUijel8eXPGaUVzjssL_qW_A', 1795901546728, 1795901546745);
CREATE TABLE transfer_line (
        transfer TEXT NOT NULL REFERENCES transfer (id), -- the transfer it belongs to
        sku TEXT NOT NULL,                   -- the seller's key
        line INTEGER NOT NULL,               -- order within the transfer
        planned INTEGER NOT NULL CHECK (planned >= 0), -- units asked for; committed while the transfer is planned
        shipped INTEGER NOT NULL,            -- units that left the source
        received INTEGER NOT NULL,           -- units that arrived fit to sell
        damaged INTEGER NOT NULL,            -- units that arrived and are not
        lost INTEGER NOT NULL,               -- units that will not come; negative where more came than left
        PRIMARY KEY (transfer, sku)
      ) STRICT, WITHOUT ROWID;
INSERT INTO "transfer_line" VALUES ('T-1', 'tea', 0, 4, 4, 0, 0, 0);
CREATE INDEX movement_by_sku ON movement (sku, sequence);
CREATE UNIQUE INDEX exception_open ON exception (kind, sku) WHERE resolved_at IS NULL;
CREATE INDEX task_by_state ON task (state, number);
CREATE INDEX task_line_by_sku ON task_line (sku);
CREATE INDEX reservation_held ON reservation (expires_at) WHERE state = 'held';
CREATE INDEX reservation_ended ON reservation (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX reservation_by_owner ON reservation (owner, number);
CREATE INDEX reservation_by_state ON reservation (state, number);
CREATE INDEX reservation_line_by_sku ON reservation_line (sku);
CREATE INDEX barcode_by_sku ON barcode (sku);
CREATE INDEX task_ended ON task (changed_at) WHERE state IN ('shipped', 'released');
CREATE INDEX transfer_by_state ON transfer (state, number);
CREATE INDEX transfer_by_source ON transfer (from_warehouse, number);
CREATE INDEX transfer_by_destination ON transfer (to_warehouse, number);
CREATE INDEX transfer_line_by_sku ON transfer_line (sku);
