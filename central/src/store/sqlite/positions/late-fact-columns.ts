import type { Migration } from '@edgestock/shared/sqlite/migrate';

/** What a person made of something that was put aside: one step of the schema. Append only, like all of them. */
export const lateFactColumns: Migration = {
  name: 'what was put aside is settled',
  sql: `
    -- NULL = open.
    ALTER TABLE quarantine ADD COLUMN settled_as TEXT CHECK (settled_as IN ('applied', 'dismissed'));
    -- By central's clock, ms.
    ALTER TABLE quarantine ADD COLUMN settled_at INTEGER;
    -- Who decided, and why, in their words.
    ALTER TABLE quarantine ADD COLUMN settled_by TEXT;
    ALTER TABLE quarantine ADD COLUMN settled_why TEXT;
    -- The last directive of its node's log that tells of it. NULL = none does.
    ALTER TABLE quarantine ADD COLUMN directive INTEGER;
    -- Few are open; the settled ones are kept for ever.
    CREATE INDEX quarantine_open ON quarantine (id) WHERE settled_as IS NULL;
  `,
};
