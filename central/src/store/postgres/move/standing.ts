import { must } from '@edgestock/shared/runtime/assert';
import type { EndStanding } from '../../move/move-ends.ts';
import { firstRow, type Session } from '../session.ts';

/** Where the store stands in a move. */
export async function standingIn(session: Session): Promise<EndStanding> {
  const row = await firstRow<EndStanding>(
    session,
    `SELECT move_state AS state, move_id AS id, move_other AS other, life, central_epoch AS "centralEpoch"
     FROM meta WHERE id = 1`,
  );
  return must(row, 'the row is made with the store');
}
