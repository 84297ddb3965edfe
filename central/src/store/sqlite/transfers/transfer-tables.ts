import type { Migration } from '@edgestock/shared/sqlite/migrate';

/** Goods between warehouses: one step of the schema. Append only, like all of them. */
export const transferTables: Migration = {
  name: 'transfers',
  sql: `
    -- One row for each transfer that either end has told of.
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
    CREATE UNIQUE INDEX transfer_by_id ON transfer (id, from_warehouse);
    CREATE INDEX transfer_by_state ON transfer (state, number);
    CREATE INDEX transfer_by_source ON transfer (from_warehouse, number);
    CREATE INDEX transfer_by_destination ON transfer (to_warehouse, number);

    -- Sums of the facts of both ends. shipped - received - damaged - lost units are in no warehouse.
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
    -- What is on its way, and no history.
    CREATE INDEX transfer_line_under_way ON transfer_line (sku, transfer) WHERE shipped > received + damaged + lost;

    -- Units of open transfers towards the warehouse: on nobody's hand, and promised to nobody.
    ALTER TABLE position ADD COLUMN incoming INTEGER NOT NULL DEFAULT 0 CHECK (incoming >= 0);
  `,
};
