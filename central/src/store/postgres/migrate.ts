import { must } from '@edgestock/shared/runtime/assert';
import { LastingFailure } from '@edgestock/shared/runtime/lasting-failure';
import { sqlStateOf } from './failures.ts';
import { firstRow, type PostgresDatabase, type Session, type TransactionSession } from './session.ts';

/** One step of the schema. Append only: a released step is never edited. */
export type Migration = { readonly name: string; readonly sql: string };

/** The database is not one that this release can work with. Nothing was changed. */
export class SchemaRefused extends LastingFailure {
  override readonly name = 'SchemaRefused';
}

/**
 * Brings the schema up to date: each step and its number commit together, so that a crash leaves the schema at one step or the
 * next, and a refusal leaves nothing. Processes that start at the same time wait for one another. Throws `SchemaRefused` for a
 * schema of a newer release, for a database in which somebody else's tables are in the way, and for one that cannot keep every text.
 */
export async function migrate(database: PostgresDatabase, migrations: readonly Migration[]): Promise<void> {
  await refuseEncoding(database);
  for (;;) if ((await nextStep(database, migrations)) === 'none left') return;
}

/** Another encoding takes all that is asked at first, and stops at the first name from elsewhere. */
async function refuseEncoding(database: PostgresDatabase): Promise<void> {
  const row = await firstRow<{ encoding: string }>(
    database.reads,
    "SELECT current_setting('server_encoding') AS encoding",
  );
  const encoding = must(row, 'every server has one').encoding;
  if (encoding === 'UTF8') return;
  throw new SchemaRefused(
    `the database keeps text as ${encoding}, which has no sign for much that shops write`,
    'Make one with createdb -T template0 -E UTF8; a store in this one goes there by a dump.',
  );
}

const versionTable = `
  -- Steps of the schema that this database has had.
  CREATE TABLE IF NOT EXISTS schema_step (
    step BIGINT NOT NULL PRIMARY KEY,
    name TEXT   NOT NULL
  );
`;

/** The table of steps commits with what it tells of: a database of somebody else is left as it was. */
async function nextStep(
  database: PostgresDatabase,
  migrations: readonly Migration[],
): Promise<'taken' | 'none left' | 'look again'> {
  try {
    return await database.transaction(async (session) => {
      await makeVersionTable(session);
      // Shuts out others that start, and no reader: one that copies the whole database may hold its tables for hours.
      await session.script('LOCK TABLE schema_step IN SHARE ROW EXCLUSIVE MODE');
      const step = await lastStep(session);
      if (step > migrations.length) {
        throw new SchemaRefused(
          `the database has schema ${step}, this release knows ${migrations.length}: it was opened by a newer release`,
          'Start that release, or restore a backup made before the update.',
        );
      }
      // A new one is made as a whole; to one with much in it each may take long.
      const due = step === 0 ? migrations : migrations.slice(step, step + 1);
      for (const [place, { name, sql }] of due.entries()) {
        await unlessOccupied(session.script(sql), TAKEN_NAMES);
        await session.run('INSERT INTO schema_step (step, name) VALUES ($1, $2)', [step + place + 1, name]);
      }
      return due.length > 0 ? 'taken' : 'none left';
    });
  } catch (error) {
    if (error instanceof MadeMeanwhile) return 'look again';
    throw error;
  }
}

/** Another process was faster with the table of steps. */
class MadeMeanwhile extends Error {
  override readonly name = 'MadeMeanwhile';
}

/**
 * Two that make it at once: the second finds a name that was not there when it looked, of the table, of its type, or in the catalogue's
 * own index, as far as the first one had come.
 */
const ALREADY_MADE = ['42P07', '42710', '23505'];

async function makeVersionTable(session: TransactionSession): Promise<void> {
  try {
    await session.script(versionTable);
  } catch (cause) {
    if (!ALREADY_MADE.includes(sqlStateOf(cause) ?? '')) throw cause;
    throw new MadeMeanwhile('another process made the table of steps', { cause });
  }
}

async function lastStep(session: Session): Promise<number> {
  const asked = firstRow<{ step: number }>(session, 'SELECT coalesce(max(step), 0) AS step FROM schema_step');
  return (await unlessOccupied(asked, OTHER_COLUMNS))?.step ?? 0;
}

/** A relation, or a type, of that name is there. */
const TAKEN_NAMES = ['42P07', '42710'];
/** The table of steps is somebody else's: no such column, or none of numbers. */
const OTHER_COLUMNS = ['42703', '42883', '42804'];

async function unlessOccupied<T>(answer: Promise<T>, states: readonly string[]): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!states.includes(sqlStateOf(cause) ?? '')) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new SchemaRefused(
      `this database holds tables that are not edgestock's: ${found}`,
      'Make one for edgestock alone (createdb -O edgestock edgestock) and name that one. Nothing was changed in this one.',
      { cause },
    );
  }
}
