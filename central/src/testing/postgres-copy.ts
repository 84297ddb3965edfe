import { firstRow, type PostgresDatabase, type Session } from '../store/postgres/session.ts';

type Copy = {
  readonly tables: readonly string[];
  /** Of tables that are not empty, as JSON. */
  readonly contents: ReadonlyMap<string, string>;
  readonly sequences: readonly { readonly name: string; readonly last: number | null }[];
};

/** Everything in the tables of a store, and the way back to it; the schema stays. Instead of a dump, which takes a program. */
export async function copyOfStore(database: PostgresDatabase): Promise<() => Promise<void>> {
  const copy = await database.snapshot(copied);
  return () =>
    database.transaction(async (session) => {
      await session.script(copy.tables.map((name) => `DELETE FROM ${name}`).join(';'));
      for (const [name, rows] of copy.contents) {
        const text = `INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(NULL::"${name}", $1::text::jsonb)`;
        await session.run(text, [rows]);
      }
      const set = copy.sequences.map(({ name, last }) => `SELECT setval('${name}', ${last ?? 1}, ${last !== null})`);
      await session.script(set.join(';'));
    });
}

async function copied(session: Session): Promise<Copy> {
  // Parents of partitions, not the partitions.
  const tables = await session.rows<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'schema_step'`,
  );
  const contents = new Map<string, string>();
  for (const { name } of tables) {
    const text = `SELECT jsonb_agg(to_jsonb(t))::text AS rows FROM ${name} t`;
    const row = await firstRow<{ rows: string | null }>(session, text);
    if (row !== undefined && row.rows !== null) contents.set(name, row.rows);
  }
  const sequences = await session.rows<Copy['sequences'][number]>(
    `SELECT sequencename AS name, last_value AS last FROM pg_sequences WHERE schemaname = 'public'`,
  );
  return { tables: tables.map(({ name }) => name), contents, sequences };
}
