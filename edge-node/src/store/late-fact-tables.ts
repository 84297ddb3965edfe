import type { Migration } from '@edgestock/shared/sqlite/migrate';

/** What became of late facts: one step of the schema. Append only, like all of them. */
export const lateFactTables: Migration = {
  name: 'late facts',
  sql: `
      -- What became of movements of lives that had ended, as central's directives of late facts brought them.
      CREATE TABLE late_row (
        number INTEGER PRIMARY KEY,          -- order of coming here
        late INTEGER NOT NULL,               -- central's number of the late fact
        sequence INTEGER NOT NULL,           -- its place in the log that ended
        sku TEXT NOT NULL,                   -- the seller's key
        kind INTEGER NOT NULL,               -- code, see shared/inventory/movement.ts
        quantity INTEGER NOT NULL,           -- base units, as it was recorded there
        recorded INTEGER,                    -- its movement in this log; NULL = it was skipped
        skipped TEXT,                        -- why, in words
        at INTEGER NOT NULL,                 -- ms since 1970 UTC
        CHECK ((recorded IS NULL) <> (skipped IS NULL))
      ) STRICT;
      CREATE INDEX late_row_by_fact ON late_row (late, number);

      -- A later release may know what this one does not.
      ALTER TABLE refused_directive ADD COLUMN
        carried_out_at INTEGER;              -- when it was after all, ms since 1970 UTC; NULL = it was not
  `,
};
