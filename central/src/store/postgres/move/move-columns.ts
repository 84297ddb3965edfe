/** Moves between engines: the second step of the schema. */
export const moveColumns = `
  -- What this store knows of its last move; never goes over with the rest. here: it is the one to run on, arriving: it is being
  -- filled, arrived: it is whole and its source not closed yet, left: it was moved away. In the row that writers lock, so that one
  -- who waited for the move sees it.
  ALTER TABLE meta ADD COLUMN move_state TEXT NOT NULL DEFAULT 'here'
    CHECK (move_state IN ('here', 'arriving', 'arrived', 'left'));
  -- Random, the same at both ends, and the other end, as it may be shown; '' = it never was part of one.
  ALTER TABLE meta ADD COLUMN move_id TEXT NOT NULL DEFAULT '';
  ALTER TABLE meta ADD COLUMN move_other TEXT NOT NULL DEFAULT '';

  -- NULL = kept by an earlier build, in a store that was moved here.
  ALTER TABLE node_life_state
    ALTER COLUMN sequence DROP NOT NULL,
    ALTER COLUMN version DROP NOT NULL,
    ALTER COLUMN at DROP NOT NULL;
`;
