import { firstRow, type PostgresDatabase } from '../store/postgres/session.ts';

/** Everything in the tables of a store, and the way back to it; the schema stays. Instead of a dump, which takes a program. */
export async function copyOfStore(database: PostgresDatabase): Promise<(into: PostgresDatabase) => Promise<void>> {
  const contents = await database.snapshot(async (session) => {
    // Parents of partitions, not the partitions.
    const tables = await session.rows<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_step'`,
    );
    const contents = new Map<string, string>();
    for (const { name } of tables) {
      const row = await firstRow<{ rows: string }>(
        session,
        `SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]')::text AS rows FROM ${name} t`,
      );
      contents.set(name, row?.rows ?? '[]');
    }
    return contents;
  });
  return (into) =>
    into.transaction(async (session) => {
      for (const [name, rows] of contents) {
        await session.run(`DELETE FROM ${name}`);
        await session.run(
          `INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(NULL::${name}, $1::text::jsonb)`,
          [rows],
        );
      }
    });
}
