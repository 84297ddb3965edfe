import type { Migration } from '@edgestock/shared/sqlite/migrate';

/** A transfer is known by its source and name: one step of the schema. Append only, like all of them. */
export const transfersBySource: Migration = {
  name: 'transfers by source and name',
  sql: `
      -- A transfer's name is its source's own, and two sources may use the same: both tables anew, for a UNIQUE cannot be
      -- altered. Lines belong to the number.
      CREATE TABLE transfer_next (
        number INTEGER PRIMARY KEY,          -- order of becoming known here
        id TEXT NOT NULL,                    -- its name at both ends: the document of its movements
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
        UNIQUE (id, from_warehouse),
        CHECK ((closing_reason IS NULL) = (closing_actor IS NULL))
      ) STRICT;
      INSERT INTO transfer_next (number, id, from_warehouse, to_warehouse, state, note, is_complete, closing_reason,
          closing_actor, planned_as, shipped_as, made_at, changed_at)
        SELECT number, id, from_warehouse, to_warehouse, state, note, is_complete, closing_reason, closing_actor, planned_as,
          shipped_as, made_at, changed_at
        FROM transfer;

      CREATE TABLE transfer_line_next (
        transfer INTEGER NOT NULL REFERENCES transfer_next (number), -- the transfer it belongs to
        sku TEXT NOT NULL,                   -- the seller's key
        line INTEGER NOT NULL,               -- order within the transfer
        planned INTEGER NOT NULL CHECK (planned >= 0), -- units asked for; committed while the transfer is planned
        shipped INTEGER NOT NULL,            -- units that left the source
        received INTEGER NOT NULL,           -- units that arrived fit to sell
        damaged INTEGER NOT NULL,            -- units that arrived and are not
        lost INTEGER NOT NULL,               -- units that will not come; negative where more came than left
        PRIMARY KEY (transfer, sku)
      ) STRICT, WITHOUT ROWID;
      INSERT INTO transfer_line_next (transfer, sku, line, planned, shipped, received, damaged, lost)
        SELECT number, sku, line, planned, shipped, received, damaged, lost
        FROM transfer_line JOIN transfer ON id = transfer;

      DROP TABLE transfer_line;
      DROP TABLE transfer;
      ALTER TABLE transfer_next RENAME TO transfer;
      ALTER TABLE transfer_line_next RENAME TO transfer_line;
      CREATE INDEX transfer_by_state ON transfer (state, number);
      CREATE INDEX transfer_by_source ON transfer (from_warehouse, number);
      CREATE INDEX transfer_by_destination ON transfer (to_warehouse, number);
      CREATE INDEX transfer_line_by_sku ON transfer_line (sku);
  `,
};
