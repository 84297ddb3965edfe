import { must } from '@edgestock/shared/runtime/assert';
import type { Database } from 'better-sqlite3';
import type { EndStanding } from '../../move/move-ends.ts';

/** Where the store stands in a move. */
export function standingIn(database: Database): EndStanding {
  const statement = database.prepare<[], EndStanding>(`
    SELECT move_state AS state, move_id AS id, move_other AS other, life, central_epoch AS centralEpoch
    FROM meta WHERE id = 1`);
  return must(statement.get(), 'the row is made with the store');
}
