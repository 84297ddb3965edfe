import type { Migration } from '@edgestock/shared/sqlite/migrate';

/** Orders across warehouses: one step of the schema. Append only, like all of them. What an order holds is in `hold`. */
export const orderTables: Migration = {
  name: 'orders',
  sql: `
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
    ) STRICT, WITHOUT ROWID;
    -- Pages of all orders and of those in one state, latest first.
    CREATE INDEX orders_by_age ON orders (placed_at, id);
    CREATE INDEX orders_by_state ON orders (state, placed_at, id);
    CREATE INDEX orders_by_wake ON orders (wake_at) WHERE wake_at IS NOT NULL;

    -- One row per SKU. ordered = cancelled + backordered + held (table hold) + allocated and not given up.
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
    -- Who waits for a SKU.
    CREATE INDEX order_line_waiting ON order_line (sku) WHERE backordered > 0;

    -- Units of an order made firm at one warehouse.
    CREATE TABLE allocation (
      -- Grows: the newest is the first to be asked back when goods are missing.
      id        INTEGER NOT NULL PRIMARY KEY,
      -- Id of the task at the node; its facts come back under it.
      task      TEXT    NOT NULL UNIQUE,
      order_id  TEXT    NOT NULL,
      warehouse TEXT    NOT NULL,
      at        INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX allocation_by_order ON allocation (order_id, id);
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
    -- What a position still has to ship, by age.
    CREATE INDEX allocation_line_open ON allocation_line (warehouse, sku, allocation)
      WHERE quantity > shipped + given_up;

    -- Every step of an order and why, for people. Only grows.
    CREATE TABLE order_step (
      order_id TEXT    NOT NULL,
      -- From 0.
      place    INTEGER NOT NULL,
      at       INTEGER NOT NULL,
      step     TEXT    NOT NULL,
      why      TEXT    NOT NULL,
      PRIMARY KEY (order_id, place)
    ) STRICT, WITHOUT ROWID;
  `,
};
