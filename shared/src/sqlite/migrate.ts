import type { Database } from 'better-sqlite3';
import { DatabaseRefused } from './open-database.ts';

/** One step of the schema. Append-only: a released step is never edited. */
export type Migration = { readonly name: string; readonly sql: string };

/**
 * Brings the schema up to date. Each step and its `user_version` commit together, so a crash leaves the schema at one step
 * or the next, never between. A database from a newer release is refused rather than guessed at.
 */
export function migrate(database: Database, migrations: readonly Migration[]): void {
  const current = Number(database.pragma('user_version', { simple: true }));
  if (current > migrations.length) {
    throw new DatabaseRefused(
      `the database has schema ${current}, this release knows ${migrations.length}: it was opened by a newer release. Start that release, or restore a backup made before the update.`,
    );
  }
  for (const [index, migration] of migrations.entries()) {
    if (index < current) continue;
    database.transaction(() => {
      database.exec(migration.sql);
      database.pragma(`user_version = ${index + 1}`);
    })();
  }
}
