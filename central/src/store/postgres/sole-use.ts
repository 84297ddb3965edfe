import { StoreInUse } from '../store-in-use.ts';
import { sqlStateOf } from './failures.ts';
import { firstRow, type Session } from './session.ts';

/** Somebody else has the row, or had it a moment ago. */
const lockedStates = ['55P03', '40001'];

/**
 * Takes the row that writers lock, in the transaction of the caller: from here to its end nobody else writes. Throws `StoreInUse`
 * where somebody else is at work, or connected.
 */
export async function takeSoleUse(session: Session): Promise<void> {
  try {
    await session.rows('SELECT id FROM meta WHERE id = 1 FOR UPDATE NOWAIT');
  } catch (cause) {
    if (!lockedStates.includes(sqlStateOf(cause) ?? '')) throw cause;
    throw new StoreInUse('a central writes to the database, or it is being moved', { cause });
  }
  await refuseCentrals(session);
}

/** One that only reads would go on answering from a store that stands still, or is another one. */
export async function refuseCentrals(session: Session): Promise<void> {
  // Within a transaction the server shows who was there when it was first asked.
  await session.rows('SELECT pg_stat_clear_snapshot()');
  const row = await firstRow<{ centrals: number }>(
    session,
    `SELECT count(*) AS centrals FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'edgestock central%'`,
  );
  if (row !== undefined && row.centrals > 0) throw new StoreInUse('a central is connected to the database');
}
