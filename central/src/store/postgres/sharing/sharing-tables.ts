/** Which process takes in which part of the nodes: a step of the schema. */
export const sharingTables = `
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
