PRAGMA user_version = 16;
CREATE TABLE meta (
        id            INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
        -- Life of central: another one after it was restored from a backup.
        central_epoch INTEGER NOT NULL CHECK (central_epoch > 0),
        -- Last revision given to a change of availability; counts up by one for each.
        revision      INTEGER NOT NULL CHECK (revision >= 0)
      , life TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "meta" VALUES (1, 1, 18, '677af2ef4b6f9a6b');
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
      , heard_fence TEXT, down_sequence INTEGER NOT NULL DEFAULT 0 CHECK (down_sequence >= 0), down_hash BLOB NOT NULL
      DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000' CHECK (length(down_hash) = 32), down_carried_out INTEGER NOT NULL DEFAULT 0 CHECK (down_carried_out >= 0)) STRICT, WITHOUT ROWID;
INSERT INTO "node" VALUES ('BER1', 1, '0c2ddaf8439b112e1221523b78b3b3c9', 1795901544002, 19, X'6a3c630f8c9d0408f191c26b311e27b2c4c7a7d53b903242f0dbbcca8de4451b', 1795901555852, 1795901555771, NULL, NULL, 1795901555844, 19, 19, -54, 1, 2, 1795901553787, NULL, 2, X'c362f7733108d4ad496a396972a7f45cfd4db8d71b2735e745d23491bd8a5a2a', 2);
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
INSERT INTO "batch" VALUES (1, 'BER1', 1, 1, 3, X'dbdafce4d59e1461793e869a29ff27e7a571ff77123f171c270b37ee8a32c380', 1795901546632, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390103c4200000000000000000000000000000000000000000000000000000000000000000c420dbdafce4d59e1461793e869a29ff27e7a571ff77123f171c270b37ee8a32c380020193c41d9901a37465612801009128cb427a22412e066000009201a544454c2d31c42b9901a36d75670c0100910ccb427a22412e066000019431a544454c2d31a24c31aa323032372d30312d3331c41e9901a463616b650501009105cb427a22412e066000029201a544454c2d31cedf37287b');
INSERT INTO "batch" VALUES (2, 'BER1', 1, 4, 6, X'e8545c0d614406cfaac71a81b3618ab06504002bd2c11132343a60a3b72b5d2b', 1795901546642, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390406c420dbdafce4d59e1461793e869a29ff27e7a571ff77123f171c270b37ee8a32c380c420e8545c0d614406cfaac71a81b3618ab06504002bd2c11132343a60a3b72b5d2b020193c41b980da37465611402019728000000140014cb427a22412e08100000c41b980da36d7567060202970c000000060006cb427a22412e08100001c41c980da463616b650202039705000000020002cb427a22412e08100002ce45cdee68');
INSERT INTO "batch" VALUES (3, 'BER1', 1, 7, 8, X'88ce4f3f2953bf678e30f92f75e33d9d0a3f33d5c4a0532db1b1091cffb729b9', 1795901546652, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390708c420e8545c0d614406cfaac71a81b3618ab06504002bd2c11132343a60a3b72b5d2bc42088ce4f3f2953bf678e30f92f75e33d9d0a3f33d5c4a0532db1b1091cffb729b9020192c4239902a3746561fe03049726000000140014cb427a22412e08f000009201a574312f7231c4269902a36d7567ff0305970b000000060006cb427a22412e08f000019311a574312f7231a24c31ce337f91ed');
INSERT INTO "batch" VALUES (4, 'BER1', 1, 9, 9, X'37384b8febba530bcfc0f47a7525ed5ace5b2b5e5a12257eb5fb3299f8bd03c1', 1795901546660, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390909c42088ce4f3f2953bf678e30f92f75e33d9d0a3f33d5c4a0532db1b1091cffb729b9c42037384b8febba530bcfc0f47a7525ed5ace5b2b5e5a12257eb5fb3299f8bd03c1020191c4239902a3746561fd04079723000000140014cb427a22412e09d000009201a574312f7232ce51a3c95f');
INSERT INTO "batch" VALUES (5, 'BER1', 1, 10, 10, X'1039d72e771eab4867c76b3e1a87693fc8f5954b2ee4f31a866f3eaec036efd2', 1795901546680, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390a0ac42037384b8febba530bcfc0f47a7525ed5ace5b2b5e5a12257eb5fb3299f8bd03c1c4201039d72e771eab4867c76b3e1a87693fc8f5954b2ee4f31a866f3eaec036efd2020191c4239903a37465610105099724000000140014cb427a22412e0a7000009201a574312f7233cef70f1661');
INSERT INTO "batch" VALUES (6, 'BER1', 1, 11, 11, X'c6135cf901721b74edeb7ec07b132649ccfb53d0f9b1899e03e113b557c26755', 1795901546686, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390b0bc4201039d72e771eab4867c76b3e1a87693fc8f5954b2ee4f31a866f3eaec036efd2c420c6135cf901721b74edeb7ec07b132649ccfb53d0f9b1899e03e113b557c26755020191c42a9906a463616b65fa030697ff000000020002cb427a22412e0b9000009305a3532d31a764616d61676564ce20825fc7');
INSERT INTO "batch" VALUES (7, 'BER1', 1, 12, 12, X'0e5bbf2d4c02db5255ef30ed7cd07fe1f536fc896f55f3d56fdfc438ab3541e5', 1795901546699, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390c0cc420c6135cf901721b74edeb7ec07b132649ccfb53d0f9b1899e03e113b557c26755c4200e5bbf2d4c02db5255ef30ed7cd07fe1f536fc896f55f3d56fdfc438ab3541e5020191c41c9807a463616b6503040b9702000000020002cb427a22412e0c100000ce04b2bb3b');
INSERT INTO "batch" VALUES (8, 'BER1', 1, 13, 13, X'4a56d4c9edc0c1086b58621d5909e1e2f5423ff331a2c037ee65ae8ea1920a3e', 1795901546713, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390d0dc4200e5bbf2d4c02db5255ef30ed7cd07fe1f536fc896f55f3d56fdfc438ab3541e5c4204a56d4c9edc0c1086b58621d5909e1e2f5423ff331a2c037ee65ae8ea1920a3e020291c41e980ea463616b6502050c99020000000000020002cb427a22412e0cc00000cee6c0679d');
INSERT INTO "batch" VALUES (9, 'BER1', 1, 14, 14, X'e31194f38467efef762fcf70e24fb1528eb457bbab82f1be518c37afa083da3d', 1795901546729, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390e0ec4204a56d4c9edc0c1086b58621d5909e1e2f5423ff331a2c037ee65ae8ea1920a3ec420e31194f38467efef762fcf70e24fb1528eb457bbab82f1be518c37afa083da3d020291c4239909a36d7567020408970b000200060006cb427a22412e0d9000009201a57265732d31cee6325b8f');
INSERT INTO "batch" VALUES (10, 'BER1', 1, 15, 15, X'f976d92c0b3802ddc2f25a6d656cb8882b47268a6bc0154448d3f1800f9cbd73', 1795901546740, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363390f0fc420e31194f38467efef762fcf70e24fb1528eb457bbab82f1be518c37afa083da3dc420f976d92c0b3802ddc2f25a6d656cb8882b47268a6bc0154448d3f1800f9cbd73020291c428990ba374656104060a9724000004140014cb427a22412e0e80000093cd2001a3542d31a448414d31cee5893dd5');
INSERT INTO "batch" VALUES (11, 'BER1', 1, 16, 17, X'8d872325d552d14795f75591e6b26e75e27e3c593b453c4175a5f6029fc581f0', 1795901546758, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363391011c420f976d92c0b3802ddc2f25a6d656cb8882b47268a6bc0154448d3f1800f9cbd73c4208d872325d552d14795f75591e6b26e75e27e3c593b453c4175a5f6029fc581f0020292c428990ca374656104070f9724000000140014cb427a22412e0f90000093cd2001a3542d31a448414d31c4289911a3746561fc08109720000000140014cb427a22412e0f90000093cd2001a3542d31a448414d31ce82e873ae');
INSERT INTO "batch" VALUES (12, 'BER1', 1, 18, 18, X'c9ad0484b07e66bbc3fc60a453f6814b48f29c893a51037606b3ab254cff6e44', 1795901548768, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363391212c4208d872325d552d14795f75591e6b26e75e27e3c593b453c4175a5f6029fc581f0c420c9ad0484b07e66bbc3fc60a453f6814b48f29c893a51037606b3ab254cff6e44020291c41e980da463616b6501060d99020000000100030002cb427a22412e8a400000ce6f8ad122');
INSERT INTO "batch" VALUES (13, 'BER1', 1, 19, 19, X'6a3c630f8c9d0408f191c26b311e27b2c4c7a7d53b903242f0dbbcca8de4451b', 1795901555852, X'9c01a44245523101d92030633264646166383433396231313265313232313532336237386233623363391313c420c9ad0484b07e66bbc3fc60a453f6814b48f29c893a51037606b3ab254cff6e44c4206a3c630f8c9d0408f191c26b311e27b2c4c7a7d53b903242f0dbbcca8de4451b020291c4269902a36d7567ff050e970a000200060006cb427a22413043b000009311a574322f7234a24c31ce8d9bc223');
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
CREATE TABLE "position" (
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
        suspect       INTEGER NOT NULL CHECK (suspect IN (0, 1)), granted INTEGER NOT NULL DEFAULT 0 CHECK (granted >= 0), allocated INTEGER NOT NULL DEFAULT 0 CHECK (allocated >= 0), returned_seen INTEGER NOT NULL DEFAULT 0 CHECK (returned_seen >= 0), returned INTEGER NOT NULL DEFAULT 0 CHECK (returned >= 0), allocated_sent INTEGER NOT NULL DEFAULT 0 CHECK (allocated_sent >= 0), held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0), incoming INTEGER NOT NULL DEFAULT 0 CHECK (incoming >= 0),
        PRIMARY KEY (sku, warehouse)
      ) STRICT, WITHOUT ROWID;
INSERT INTO "position" VALUES ('cake', 'BER1', 2, 0, 0, 0, 1, 0, 6, 18, 18, 1795901548708, 0, 3, 0, 2, 2, 0, 0, 0);
INSERT INTO "position" VALUES ('mug', 'BER1', 10, 0, 2, 0, 6, 0, 5, 19, 19, 1795901555771, 0, 6, 0, 0, 0, 0, 0, 0);
INSERT INTO "position" VALUES ('tea', 'BER1', 32, 0, 0, 0, 20, 0, 8, 17, 17, 1795901546745, 0, 20, 0, 0, 0, 0, 0, 0);
CREATE TABLE directive_body (
      id    INTEGER NOT NULL PRIMARY KEY,
      bytes BLOB    NOT NULL
    ) STRICT;
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
INSERT INTO "directive" VALUES (1, 'BER1', 1, X'b3845746d57557d24c272d51b2d89926153dd8d7ab4fd74880a57197aa826534', X'9406013200', NULL);
INSERT INTO "directive" VALUES (2, 'BER1', 2, X'c362f7733108d4ad496a396972a7f45cfd4db8d71b2735e745d23491bd8a5a2a', X'92039192a463616b6502', NULL);
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
INSERT INTO "warehouse_settings" VALUES ('BER1', 'store', 50, 0, 100);
CREATE TABLE sku_policy (
      warehouse     TEXT    NOT NULL,
      sku           TEXT    NOT NULL,
      share_percent INTEGER CHECK (share_percent BETWEEN 0 AND 100),
      safety_stock  INTEGER CHECK (safety_stock >= 0),
      PRIMARY KEY (warehouse, sku)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE channel (
      channel TEXT    NOT NULL PRIMARY KEY,
      -- 1 = promises the quota of every warehouse, also of those enrolled later; 0 = of those in channel_warehouse.
      is_all  INTEGER NOT NULL CHECK (is_all IN (0, 1)),
      -- Units of each SKU kept unsold, unless the SKU has a buffer of its own.
      buffer  INTEGER NOT NULL CHECK (buffer >= 0)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "channel" VALUES ('default', 1, 0);
CREATE TABLE channel_warehouse (
      channel   TEXT NOT NULL,
      warehouse TEXT NOT NULL,
      PRIMARY KEY (channel, warehouse)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE channel_buffer (
      channel TEXT    NOT NULL,
      sku     TEXT    NOT NULL,
      buffer  INTEGER NOT NULL CHECK (buffer >= 0),
      PRIMARY KEY (channel, sku)
    ) STRICT, WITHOUT ROWID;
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
INSERT INTO "availability" VALUES ('cake', 'default', 1, 0, 17);
INSERT INTO "availability" VALUES ('mug', 'default', 6, 0, 18);
INSERT INTO "availability" VALUES ('tea', 'default', 20, 0, 16);
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
    , ttl_seconds INTEGER CHECK (ttl_seconds > 0), is_partial INTEGER CHECK (is_partial IN (0, 1))) STRICT, WITHOUT ROWID;
CREATE TABLE reservation_line (
      reservation TEXT    NOT NULL,
      sku         TEXT    NOT NULL,
      requested   INTEGER NOT NULL CHECK (requested > 0),
      -- Units set aside when it was made; fewer than requested in a partial one.
      promised    INTEGER NOT NULL CHECK (promised BETWEEN 0 AND requested),
      PRIMARY KEY (reservation, sku)
    ) STRICT, WITHOUT ROWID;
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
CREATE TABLE assortment (
      sku       TEXT NOT NULL,
      warehouse TEXT NOT NULL,
      PRIMARY KEY (sku, warehouse)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE answered (
      key         TEXT    NOT NULL PRIMARY KEY,
      -- Digest of the request.
      fingerprint TEXT    NOT NULL,
      -- The outcome, JSON.
      outcome     TEXT    NOT NULL,
      at          INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
      id             TEXT    NOT NULL PRIMARY KEY,
      channel        TEXT    NOT NULL,
      -- Who ordered, as the shop names them.
      owner          TEXT    NOT NULL,
      state          TEXT    NOT NULL CHECK (state IN ('placed', 'firm', 'done', 'cancelled')),
      payment        TEXT    NOT NULL CHECK (payment IN ('awaited', 'authorised', 'failed', 'timed-out', 'not-needed')),
      placed_at      INTEGER NOT NULL,
      -- Until when payment must be authorised, by central's clock, ms.
      payment_due_at INTEGER NOT NULL,
      on_shortage    TEXT    NOT NULL CHECK (on_shortage IN ('cancel', 'backorder')),
      -- 1 = a cancellation was asked for.
      is_cancelling  INTEGER NOT NULL CHECK (is_cancelling IN (0, 1)),
      -- When the sweeper must look at it, ms; NULL = never.
      wake_at        INTEGER
    , asked_on_shortage TEXT CHECK (asked_on_shortage IN ('refuse', 'cancel', 'backorder')), payment_ttl_seconds INTEGER CHECK (payment_ttl_seconds > 0)) STRICT, WITHOUT ROWID;
CREATE TABLE order_line (
      order_id    TEXT    NOT NULL,
      sku         TEXT    NOT NULL,
      -- Place of the line in the order, from 0.
      place       INTEGER NOT NULL,
      ordered     INTEGER NOT NULL CHECK (ordered > 0),
      cancelled   INTEGER NOT NULL CHECK (cancelled BETWEEN 0 AND ordered),
      backordered INTEGER NOT NULL CHECK (backordered BETWEEN 0 AND ordered),
      PRIMARY KEY (order_id, sku)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE allocation (
      -- Grows: the newest is the first to be asked back when goods are missing.
      id        INTEGER NOT NULL PRIMARY KEY,
      -- Id of the task at the node; its facts come back under it.
      task      TEXT    NOT NULL UNIQUE,
      order_id  TEXT    NOT NULL,
      warehouse TEXT    NOT NULL,
      at        INTEGER NOT NULL
    , placed_at INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE allocation_line (
      allocation INTEGER NOT NULL,
      sku        TEXT    NOT NULL,
      -- The allocation's.
      warehouse  TEXT    NOT NULL,
      -- quantity = shipped + given_up + still to be shipped; releasing of the latter were asked back.
      quantity   INTEGER NOT NULL CHECK (quantity > 0),
      shipped    INTEGER NOT NULL CHECK (shipped >= 0),
      given_up   INTEGER NOT NULL CHECK (given_up >= 0),
      releasing  INTEGER NOT NULL CHECK (releasing BETWEEN 0 AND quantity - shipped - given_up),
      PRIMARY KEY (allocation, sku)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE order_step (
      order_id TEXT    NOT NULL,
      -- From 0.
      place    INTEGER NOT NULL,
      at       INTEGER NOT NULL,
      step     TEXT    NOT NULL,
      why      TEXT    NOT NULL,
      PRIMARY KEY (order_id, place)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE down_trim (
      warehouse TEXT    NOT NULL PRIMARY KEY,
      sequence  INTEGER NOT NULL CHECK (sequence > 0),
      hash      BLOB    NOT NULL CHECK (length(hash) = 32)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE down_mark (
      warehouse TEXT    NOT NULL,
      -- By central's clock, ms.
      at        INTEGER NOT NULL,
      sequence  INTEGER NOT NULL CHECK (sequence >= 0),
      PRIMARY KEY (warehouse, at)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE transfer (
      -- Order of being heard of.
      number         INTEGER NOT NULL PRIMARY KEY,
      -- The document of its movements at both ends.
      id             TEXT    NOT NULL,
      from_warehouse TEXT    NOT NULL,
      -- As its source says; as long as that was not heard, where some of it arrived.
      to_warehouse   TEXT    NOT NULL,
      -- 1 = its source was heard.
      is_shipped     INTEGER NOT NULL CHECK (is_shipped IN (0, 1)),
      state          TEXT    NOT NULL CHECK (state IN ('shipped', 'receiving', 'closed')),
      first_at       INTEGER NOT NULL,
      changed_at     INTEGER NOT NULL
    ) STRICT;
INSERT INTO "transfer" VALUES (1, 'T-1', 'BER1', 'HAM1', 1, 'shipped', 1795901546758, 1795901546758);
CREATE TABLE transfer_line (
      transfer INTEGER NOT NULL,
      sku      TEXT    NOT NULL,
      shipped  INTEGER NOT NULL CHECK (shipped >= 0),
      -- Of what arrived, fit to sell and not.
      received INTEGER NOT NULL CHECK (received >= 0),
      damaged  INTEGER NOT NULL CHECK (damaged >= 0),
      -- Negative where more arrived than left.
      lost     INTEGER NOT NULL,
      PRIMARY KEY (transfer, sku)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "transfer_line" VALUES (1, 'tea', 4, 0, 0, 0);
CREATE TABLE policy_recall (
      warehouse     TEXT    NOT NULL PRIMARY KEY,
      -- The loosest policy that the positions not looked at may have been granted under.
      share_percent INTEGER NOT NULL CHECK (share_percent BETWEEN 0 AND 100),
      safety_stock  INTEGER NOT NULL CHECK (safety_stock >= 0),
      -- Looked at up to this SKU; '' = none yet.
      after_sku     TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
CREATE TABLE recall_debt (
      warehouse     TEXT    NOT NULL,
      sku           TEXT    NOT NULL,
      -- To be given back when they are promised to nobody any more; never more than are held.
      units         INTEGER NOT NULL CHECK (units > 0),
      -- The loosest policy that they may have been granted under: where policy allows as much again, nothing is owed.
      share_percent INTEGER NOT NULL CHECK (share_percent BETWEEN 0 AND 100),
      safety_stock  INTEGER NOT NULL CHECK (safety_stock >= 0),
      PRIMARY KEY (warehouse, sku)
    ) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX batch_by_place ON batch (warehouse, last_sequence);
CREATE UNIQUE INDEX quarantine_once ON quarantine (warehouse, digest);
CREATE INDEX position_by_warehouse ON position (warehouse, sku);
CREATE INDEX position_suspect ON position (warehouse, sku) WHERE suspect = 1;
CREATE UNIQUE INDEX directive_by_place ON directive (warehouse, sequence);
CREATE UNIQUE INDEX availability_by_revision ON availability (channel, revision);
CREATE INDEX reservation_by_expiry ON reservation (expires_at) WHERE state = 'held';
CREATE INDEX reservation_by_end ON reservation (ended_at) WHERE state <> 'held';
CREATE UNIQUE INDEX hold_by_holder ON hold (kind, holder, sku, warehouse);
CREATE INDEX hold_by_position ON hold (warehouse, sku, id);
CREATE INDEX item_by_barcode ON item_barcode (barcode);
CREATE INDEX answered_by_age ON answered (at);
CREATE INDEX orders_by_age ON orders (placed_at, id);
CREATE INDEX orders_by_state ON orders (state, placed_at, id);
CREATE INDEX orders_by_wake ON orders (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX order_line_waiting ON order_line (sku) WHERE backordered > 0;
CREATE INDEX allocation_by_order ON allocation (order_id, id);
CREATE INDEX allocation_line_open ON allocation_line (warehouse, sku, allocation)
      WHERE quantity > shipped + given_up;
CREATE INDEX position_oversold ON position (warehouse, sku)
        WHERE granted - returned - allocated_sent - held < 0;
CREATE INDEX directive_by_body ON directive (body) WHERE body IS NOT NULL;
CREATE UNIQUE INDEX transfer_by_id ON transfer (id, from_warehouse);
CREATE INDEX transfer_by_state ON transfer (state, number);
CREATE INDEX transfer_by_source ON transfer (from_warehouse, number);
CREATE INDEX transfer_by_destination ON transfer (to_warehouse, number);
CREATE INDEX transfer_line_under_way ON transfer_line (sku, transfer) WHERE shipped > received + damaged + lost;
CREATE INDEX position_short ON position (sku, warehouse)
        WHERE held > 0 AND reserved + committed + quota > max(0, on_hand - max(0, unsellable));
CREATE INDEX reservation_by_age ON reservation (created_at, id);
CREATE INDEX reservation_by_state ON reservation (state, created_at, id);
CREATE INDEX reservation_by_channel ON reservation (channel, created_at, id);
CREATE INDEX reservation_by_owner ON reservation (owner, created_at, id);
CREATE INDEX allocation_by_warehouse ON allocation (warehouse, placed_at, order_id);
