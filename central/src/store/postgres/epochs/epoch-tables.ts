/** What a new epoch of central has to find out from the nodes: a part of the first step of the schema. */
export const epochTables = `
  -- Warehouses of which nothing is promised: central may have forgotten what it promised of them. A row goes when central has
  -- the node's log up to the place that the node stated in this epoch. Mostly empty.
  CREATE TABLE unsettled (
    warehouse TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    -- That place; NULL = the node has not been heard in this epoch.
    until     BIGINT CHECK (until >= 0)
  );

  -- Units that nodes were told to ship by a central that this one does not remember: tasks of no order. Their units are in the
  -- position's allocated_sent. Rows stay, for who looks back.
  CREATE TABLE unknown_task (
    warehouse   TEXT   COLLATE "C" NOT NULL,
    task        TEXT   COLLATE "C" NOT NULL,
    sku         TEXT   COLLATE "C" NOT NULL,
    -- quantity = shipped + given_up + still to be shipped.
    quantity    BIGINT NOT NULL CHECK (quantity > 0),
    shipped     BIGINT NOT NULL CHECK (shipped >= 0),
    given_up    BIGINT NOT NULL CHECK (given_up >= 0),
    -- When central heard of it, and when somebody had it given up (ms); NULL = nobody has.
    heard_at    BIGINT NOT NULL,
    released_at BIGINT,
    PRIMARY KEY (warehouse, task, sku)
  );
  CREATE INDEX unknown_task_open ON unknown_task (warehouse, task) WHERE quantity > shipped + given_up;
`;
