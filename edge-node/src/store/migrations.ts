import type { Migration } from '@edgestock/shared/sqlite/migrate';
import { lateFactTables } from './late-fact-tables.ts';
import { sparseMovementIndex, waypointsAtPrimePlaces } from './sparse-movement-index.ts';
import { transfersBySource } from './transfers-by-source.ts';

/** The node's schema, step by step. Comments stay in the database file: `.schema` explains itself on the spot. */
export const migrations: readonly Migration[] = [
  {
    name: 'ledger',
    sql: `
      -- Who writes this log and how far it has got. One row.
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

      -- The lives of this log. Sequences go on over epochs; an epoch is a range of them.
      CREATE TABLE epoch (
        epoch INTEGER PRIMARY KEY,           -- issued by central; 0 = provisional, before the first contact
        first_sequence INTEGER NOT NULL,     -- the first sequence of this life
        begun_at INTEGER NOT NULL            -- ms since 1970 UTC
      ) STRICT;

      CREATE TABLE item (
        sku TEXT PRIMARY KEY,                -- the seller's key
        name TEXT,                           -- as the catalogue has it
        is_listed INTEGER NOT NULL,          -- 0 = first seen in a fact, in no catalogue
        updated_at INTEGER NOT NULL          -- ms since 1970 UTC
      ) STRICT, WITHOUT ROWID;

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

      -- Current quantities per SKU; always equal to the sum of its movements. Meanings: shared/inventory/position.ts.
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

      -- Where the units of a position physically are; rows that reach zero are deleted.
      CREATE TABLE balance (
        sku TEXT NOT NULL,                    -- the seller's key
        bin TEXT NOT NULL,                   -- '' = the default bin
        lot TEXT NOT NULL,                   -- '' = no lot
        condition INTEGER NOT NULL,          -- index into shared/inventory/movement.ts conditions
        quantity INTEGER NOT NULL CHECK (quantity <> 0), -- base units
        PRIMARY KEY (sku, bin, lot, condition)
      ) STRICT, WITHOUT ROWID;

      -- The log: immutable facts, the outbox of replication, and what every number is explained by.
      CREATE TABLE movement (
        sequence INTEGER PRIMARY KEY,        -- 1, 2, 3, ... without a gap
        sku TEXT NOT NULL,                   -- repeated from the delta for the index
        delta BLOB NOT NULL,                 -- canonical bytes: hashed, stored and sent as they are
        hash BLOB NOT NULL                   -- SHA-256(hash of the one before, delta)
      ) STRICT;
      CREATE INDEX movement_by_sku ON movement (sku, sequence);

      -- Balances at the checkpoint: what trimmed movements had summed up to. Checkpoint + log = balance.
      CREATE TABLE checkpoint_balance (
        sku TEXT NOT NULL,                    -- the seller's key
        bin TEXT NOT NULL,                    -- '' = the default bin
        lot TEXT NOT NULL,                    -- as printed; '' = no lot
        condition INTEGER NOT NULL,           -- index into shared/inventory/movement.ts conditions
        quantity INTEGER NOT NULL,            -- base units
        PRIMARY KEY (sku, bin, lot, condition)
      ) STRICT, WITHOUT ROWID;

      -- One row per recorded command with a key. The answer is read back from the movements it names,
      -- so a record lives exactly as long as they do.
      CREATE TABLE idempotency (
        first_sequence INTEGER PRIMARY KEY,  -- the command's first movement
        movement_count INTEGER NOT NULL,      -- how many movements it led to
        scope TEXT NOT NULL,                 -- which door the key belongs to
        key TEXT NOT NULL,                    -- as the caller sent it
        fingerprint TEXT NOT NULL,           -- digest of the body: same key, other body is refused
        exceptions TEXT,                     -- JSON of the exceptions it opened; NULL = none
        UNIQUE (scope, key)
      ) STRICT;

      -- Facts the books disagree with, waiting for a person. At most one open row per kind and SKU.
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
      CREATE UNIQUE INDEX exception_open ON exception (kind, sku) WHERE resolved_at IS NULL;
    `,
  },
  {
    name: 'imports',
    sql: `
      -- A file being imported. Rows are staged, checked as a whole, and only then applied; a crash while applying goes on
      -- at the next start, a crash while staging drops the job: nothing is ever half imported.
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

      -- Staged rows, kept in the order in which they will be applied: the tables they go to are keyed by SKU as well.
      CREATE TABLE import_row (
        job TEXT NOT NULL REFERENCES import_job (id), -- the import it belongs to
        key TEXT NOT NULL,                   -- SKU, then what tells its rows apart (stock: the counted place)
        line INTEGER NOT NULL,               -- line number in the file
        fields TEXT NOT NULL,                -- the checked row as JSON
        PRIMARY KEY (job, key)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    name: 'exceptions closed by hand',
    sql: `
      -- Who declared an exception settled, and why. Of a closed one without a closer, resolved_by names the movement that
      -- made it good; without that either, a catalogue has named the SKU.
      ALTER TABLE exception ADD COLUMN
        closed_by TEXT;                      -- the person, as named to the door; NULL = nobody had to
      ALTER TABLE exception ADD COLUMN
        closing_note TEXT;                   -- what the person said of it

      -- Listed SKUs used to keep the exception for being unknown.
      UPDATE exception SET resolved_at = (SELECT updated_at FROM item WHERE item.sku = exception.sku)
      WHERE kind = 'unknown-sku' AND resolved_at IS NULL
        AND EXISTS (SELECT 1 FROM item WHERE item.sku = exception.sku AND is_listed = 1);
    `,
  },
  {
    name: 'imports that are taken back, or fail',
    sql: `
      -- Both tables anew: a CHECK cannot be altered, and the rows refer to the jobs.
      CREATE TABLE import_job_next (
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
      INSERT INTO import_job_next (id, kind, document, state, at_sequence, row_count, staged_count, applied_count,
          unlisted_count, last_line, key_prefix, failure, begun_at, finished_at)
        SELECT id, kind, document, state, at_sequence, row_count, staged_count, applied_count, unlisted_count,
          (SELECT coalesce(max(line), 0) FROM import_row WHERE job = import_job.id), id, NULL, begun_at, finished_at
        FROM import_job;

      CREATE TABLE import_row_next (
        job TEXT NOT NULL REFERENCES import_job_next (id), -- the import it belongs to
        key TEXT NOT NULL,                   -- SKU, then what tells its rows apart (stock: the counted place)
        line INTEGER NOT NULL,               -- line number in the file
        fields TEXT NOT NULL,                -- the checked row as JSON
        PRIMARY KEY (job, key)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO import_row_next (job, key, line, fields) SELECT job, key, line, fields FROM import_row;

      DROP TABLE import_row;
      DROP TABLE import_job;
      ALTER TABLE import_job_next RENAME TO import_job;
      ALTER TABLE import_row_next RENAME TO import_row;
    `,
  },
  {
    name: 'age of the log',
    sql: `
      -- How much time has provably passed at this node since it began to count; one row. Wall times of movements do not age
      -- the log: a node may have booted with a wrong clock. rules/ageing.ts reckons.
      CREATE TABLE age (
        id INTEGER PRIMARY KEY CHECK (id = 1), -- the one row
        aged_ms INTEGER NOT NULL,            -- time that has passed, in ms
        wall_at INTEGER NOT NULL             -- wall clock at the last look, ms since 1970 UTC: for the time the node is off
      ) STRICT;

      -- Where the log had got to at which age, every ten minutes in which something was recorded. What is in the log without
      -- a mark (a log of an earlier release) is as old as the first one.
      CREATE TABLE age_mark (
        sequence INTEGER PRIMARY KEY,        -- the log's head then
        aged_ms INTEGER NOT NULL             -- age.aged_ms then
      ) STRICT;
    `,
  },
  {
    name: 'exceptions of unreadable barcodes',
    sql: `
      -- Sales are recorded of what cannot be read, too, under a SKU made from the text.
      ALTER TABLE exception ADD COLUMN
        barcode TEXT;                        -- what was scanned, as far as it is kept; NULL = the kind has none
    `,
  },
  {
    name: 'quota totals',
    sql: `
      -- What a position's quota comes from: units ever granted to central, ever allocated by its directives, ever given back.
      ALTER TABLE position ADD COLUMN granted INTEGER NOT NULL DEFAULT 0; -- only grows; written by this node alone
      ALTER TABLE position ADD COLUMN allocated INTEGER NOT NULL DEFAULT 0; -- only grows; written by this node alone
      ALTER TABLE position ADD COLUMN returned INTEGER NOT NULL DEFAULT 0; -- the largest total central has said
    `,
  },
  {
    name: 'directives and tasks',
    sql: `
      -- How far central's log is carried out. One row once a directive came; moves in the commit of the directive's effect.
      CREATE TABLE inbox (
        id INTEGER PRIMARY KEY CHECK (id = 1), -- one row
        central_epoch INTEGER NOT NULL,      -- the life of central that wrote the log
        sequence INTEGER NOT NULL,           -- the last directive carried out
        hash BLOB NOT NULL                   -- chain hash of central's log there
      ) STRICT;

      -- Directives that could not be carried out (unreadable, unknown, contradictory), as they came; the cursor went on.
      CREATE TABLE refused_directive (
        central_epoch INTEGER NOT NULL,      -- the life of central that wrote it
        sequence INTEGER NOT NULL,           -- its place in central's log
        directive BLOB NOT NULL,             -- its bytes, for a release that knows them
        reason TEXT NOT NULL,                -- why it was not carried out, in words
        received_at INTEGER NOT NULL,        -- ms since 1970 UTC
        PRIMARY KEY (central_epoch, sequence)
      ) STRICT, WITHOUT ROWID;

      -- What central may promise of this node's stock. One row once central has said it.
      CREATE TABLE policy (
        id INTEGER PRIMARY KEY CHECK (id = 1), -- one row
        class TEXT NOT NULL,                 -- store | distribution-centre
        share_percent INTEGER NOT NULL,      -- of what may be promised, the part granted to central: 0 to 100
        safety_stock INTEGER NOT NULL        -- units of every SKU kept out of every offer
      ) STRICT;

      -- What differs from the policy for one SKU.
      CREATE TABLE sku_policy (
        sku TEXT PRIMARY KEY,                -- the seller's key
        share_percent INTEGER,               -- NULL = as the policy has it
        safety_stock INTEGER                 -- NULL = as the policy has it
      ) STRICT, WITHOUT ROWID;

      -- Central's allocations as work.
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
      CREATE INDEX task_by_state ON task (state, number);

      -- quantity - released - shipped is what the task still has committed.
      CREATE TABLE task_line (
        task TEXT NOT NULL REFERENCES task (id), -- the task it belongs to
        sku TEXT NOT NULL,                   -- the seller's key
        quantity INTEGER NOT NULL,           -- units allocated
        released INTEGER NOT NULL,           -- of these, given up
        shipped INTEGER NOT NULL,            -- of these, gone to the buyer
        picks TEXT NOT NULL,                 -- JSON: where the units that are ready to ship were found
        PRIMARY KEY (task, sku)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX task_line_by_sku ON task_line (sku);

      -- Steps done, each once: a repeated request is told what the first one was told.
      CREATE TABLE task_step (
        task TEXT NOT NULL REFERENCES task (id), -- the task it belongs to
        step TEXT NOT NULL,                  -- pick | pack | ship
        fingerprint TEXT NOT NULL,           -- digest of the request
        actor TEXT,                          -- who did it, when they said
        answer TEXT NOT NULL,                -- JSON of the task as the request was told
        at INTEGER NOT NULL,                 -- ms since 1970 UTC
        PRIMARY KEY (task, step)
      ) STRICT, WITHOUT ROWID;

      -- Transfers from and to this warehouse, each as central last told it.
      CREATE TABLE transfer (
        id TEXT PRIMARY KEY,                 -- central's name for it: the document of its movements
        from_warehouse TEXT NOT NULL,        -- where the goods leave
        to_warehouse TEXT NOT NULL,          -- where they are to arrive
        is_closed INTEGER NOT NULL,          -- 1 = nothing will follow
        state TEXT NOT NULL,                 -- JSON, see shared/protocol/directive.ts TransferState
        changed_at INTEGER NOT NULL          -- ms since 1970 UTC
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    name: 'reservations',
    sql: `
      -- Promises of this site to somebody. Open ones stay for ever; what has ended is forgotten after a while.
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
      CREATE INDEX reservation_held ON reservation (expires_at) WHERE state = 'held';
      CREATE INDEX reservation_ended ON reservation (ended_at) WHERE ended_at IS NOT NULL;
      CREATE INDEX reservation_by_owner ON reservation (owner, number);
      CREATE INDEX reservation_by_state ON reservation (state, number);

      -- What is, or was, set aside for it. Never changes.
      CREATE TABLE reservation_line (
        reservation TEXT NOT NULL REFERENCES reservation (id), -- the reservation it belongs to
        sku TEXT NOT NULL,                   -- the seller's key
        quantity INTEGER NOT NULL CHECK (quantity > 0), -- base units
        line INTEGER NOT NULL,               -- order within the reservation
        PRIMARY KEY (reservation, sku)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX reservation_line_by_sku ON reservation_line (sku);
    `,
  },
  {
    name: 'barcodes by SKU',
    sql: `
      -- An item of central's catalogue replaces its barcodes. Without this each one read all barcodes there are: 500 ms for a
      -- page of 250 items at 20,000 barcodes, and tills waited for it.
      CREATE INDEX barcode_by_sku ON barcode (sku);
    `,
  },
  {
    name: 'ended tasks by age',
    sql: `
      -- What may be forgotten: ended tasks change no more.
      CREATE INDEX task_ended ON task (changed_at) WHERE state IN ('shipped', 'released');
    `,
  },
  {
    name: 'transfers with lines',
    sql: `
      -- Transfers from and to this warehouse, in the order in which the node first knew of them: what it planned, shipped and
      -- received itself, and what central tells of the other end.
      ALTER TABLE transfer RENAME TO transfer_told;
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
      CREATE INDEX transfer_by_state ON transfer (state, number);
      CREATE INDEX transfer_by_source ON transfer (from_warehouse, number);
      CREATE INDEX transfer_by_destination ON transfer (to_warehouse, number);

      -- Totals over the transfer's life. shipped - received - damaged - lost is what is under way, or missing.
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
      CREATE INDEX transfer_line_by_sku ON transfer_line (sku);

      INSERT INTO transfer (id, from_warehouse, to_warehouse, state, is_complete, made_at, changed_at)
        SELECT id, from_warehouse, to_warehouse, iif(is_closed, 'closed', 'receiving'), 0, changed_at, changed_at
        FROM transfer_told ORDER BY changed_at, id;
      INSERT INTO transfer_line (transfer, sku, line, planned, shipped, received, damaged, lost)
        SELECT t.id, l.value ->> 'sku', l.key, 0, l.value ->> 'shipped', l.value ->> 'received', l.value ->> 'damaged',
          l.value ->> 'lost'
        FROM transfer_told t, json_each(t.state, '$.lines') l;
      DROP TABLE transfer_told;
    `,
  },
  {
    name: 'restored databases',
    sql: `
      -- What tells a database that was put back, or moved, from the one that was always here.
      ALTER TABLE node ADD COLUMN
        backup_at INTEGER;                   -- when this copy was made as a backup, ms since 1970 UTC; NULL = it is none
      ALTER TABLE node ADD COLUMN
        has_high_water INTEGER NOT NULL DEFAULT 0; -- 1 = the file hwm lies beside the database
      ALTER TABLE node ADD COLUMN
        restored TEXT;                       -- backup | rolled-back | moved: not known to be the latest; NULL = it is
      ALTER TABLE node ADD COLUMN
        restored_at INTEGER;                 -- when that was found, ms since 1970 UTC

      -- What is known of the lives that began with a rejoin: what may be missing from before them.
      CREATE TABLE rejoin (
        epoch INTEGER PRIMARY KEY,           -- the life that began
        at INTEGER NOT NULL,                 -- ms since 1970 UTC
        lost INTEGER NOT NULL,               -- movements of the life before that central had heard of and nobody has
        known_up_to INTEGER NOT NULL,        -- ms since 1970 UTC: central had everything then; 0 = never
        taken_over_at INTEGER NOT NULL,      -- ms since 1970 UTC: the life before ended then at the latest
        recount TEXT NOT NULL                -- none | moved | all: what is counted before it is granted again
      ) STRICT;

      -- Up to where in central's log a place in this one holds the effects; the last row at or before the place counts.
      CREATE TABLE inbox_mark (
        sequence INTEGER PRIMARY KEY,        -- the last movement of the directive's effects
        began INTEGER NOT NULL,              -- where the log stood before them: a batch that ends in between splits them
        directive INTEGER NOT NULL           -- inbox.sequence then
      ) STRICT;
      INSERT INTO inbox_mark (sequence, began, directive)
        SELECT node.sequence, node.sequence, inbox.sequence FROM node, inbox;
    `,
  },
  transfersBySource,
  lateFactTables,
  sparseMovementIndex,
  waypointsAtPrimePlaces,
];
