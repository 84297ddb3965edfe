/** Which process takes in which part of the nodes, and has written their positions: a step of the schema. */
export const sharingTables = `
  -- The process that wrote positions of the warehouse last, by the name in meta.writer: whoever else has counted them for a digest has
  -- to count anew.
  ALTER TABLE node ADD COLUMN positions_by TEXT COLLATE "C" NOT NULL DEFAULT '';
  -- Workers that take in what nodes send. One that has not been heard for a term is dead.
  CREATE TABLE worker (
    worker      TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    -- By the clock of the database, ms.
    alive_until BIGINT NOT NULL
  );
  -- Shards of the nodes, and who takes them in. Free from \`owned_until\` on, by the clock of the database, ms.
  CREATE TABLE lane (
    lane        BIGINT NOT NULL PRIMARY KEY,
    worker      TEXT   COLLATE "C" NOT NULL,
    owned_until BIGINT NOT NULL
  );
`;
