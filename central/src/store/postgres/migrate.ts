import { must } from '@edgestock/shared/runtime/assert';
import { sqlStateOf } from './failures.ts';
import { firstRow, type PostgresDatabase } from './session.ts';

/** One step of the schema. Append only: a released step is never edited. */
export type Migration = { readonly name: string; readonly sql: string };

/** The database is not one that this release can work with; the message says what to do. */
export class SchemaRefused extends Error {
  override readonly name = 'SchemaRefused';
}

/**
 * Brings the schema up to date: each step and its number commit together, so that a crash leaves the schema at one step or the
 * next. Processes that start at the same time wait for one another. Throws `SchemaRefused` for a schema of a newer release, and for a
 * database that cannot keep every text.
 */
export async function migrate(database: PostgresDatabase, migrations: readonly Migration[]): Promise<void> {
  await refuseEncoding(database);
  await makeVersionTable(database);
  for (;;) if (!(await nextStep(database, migrations))) return;
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
    `the database keeps text as ${encoding}, which has no sign for much that shops write. Make one with createdb -T template0 -E UTF8; a store in this one goes there by a dump.`,
  );
}

/**
 * Two that make it at once: the second finds a name that was not there when it looked, of the table, of its type, or in the catalogue's
 * own index, as far as the first one had come.
 */
const ALREADY_MADE = ['42P07', '42710', '23505'];

async function makeVersionTable(database: PostgresDatabase): Promise<void> {
  try {
    await database.transaction((session) => session.script(versionTable));
  } catch (error) {
    if (!ALREADY_MADE.includes(sqlStateOf(error) ?? '')) throw error;
  }
}

const versionTable = `
  -- Steps of the schema that this database has had.
  CREATE TABLE IF NOT EXISTS schema_step (
    step BIGINT NOT NULL PRIMARY KEY,
    name TEXT   NOT NULL
  );
`;

function nextStep(database: PostgresDatabase, migrations: readonly Migration[]): Promise<boolean> {
  return database.transaction(async (session) => {
    // Shuts out others that start, and no reader: one that copies the whole database may hold its tables for hours.
    await session.script('LOCK TABLE schema_step IN SHARE ROW EXCLUSIVE MODE');
    const last = await firstRow<{ step: number }>(session, 'SELECT coalesce(max(step), 0) AS step FROM schema_step');
    const step = last?.step ?? 0;
    if (step > migrations.length) {
      throw new SchemaRefused(
        `the database has schema ${step}, this release knows ${migrations.length}: it was opened by a newer release. Start that release, or restore a backup made before the update.`,
      );
    }
    const migration = migrations[step];
    if (migration === undefined) return false;
    await session.script(migration.sql);
    await session.run('INSERT INTO schema_step (step, name) VALUES ($1, $2)', [step + 1, migration.name]);
    return true;
  });
}
