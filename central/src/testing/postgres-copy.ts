import { firstRow, type PostgresDatabase, type Session } from '../store/postgres/session.ts';

type Table = { readonly name: string; readonly columns: string };

type Copy = {
  readonly tables: readonly Table[];
  /** Of tables that are not empty, as JSON. */
  readonly contents: ReadonlyMap<Table, string>;
  readonly sequences: readonly { readonly name: string; readonly last: number | null }[];
};

/** Everything in the tables of a store, and the way back to it; the schema stays. Instead of a dump, which takes a program. */
export async function copyOfStore(database: PostgresDatabase): Promise<() => Promise<void>> {
  const copy = await database.snapshot(copied);
  return () =>
    database.transaction(async (session) => {
      await session.script(copy.tables.map(({ name }) => `DELETE FROM ${name}`).join(';'));
      for (const [{ name, columns }, rows] of copy.contents) {
        const text = `INSERT INTO ${name} (${columns})
          SELECT ${columns} FROM jsonb_populate_recordset(NULL::"${name}", $1::text::jsonb)`;
        await session.run(text, [rows]);
      }
      const set = copy.sequences.map(({ name, last }) => `SELECT setval('${name}', ${last ?? 1}, ${last !== null})`);
      await session.script(set.join(';'));
    });
}

async function copied(session: Session): Promise<Copy> {
  // Parents of partitions, not the partitions.
  const tables = await session.rows<Table>(
    `SELECT c.relname AS name, string_agg(a.attname, ', ') AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname <> 'schema_step'
     GROUP BY c.relname`,
  );
  const contents = new Map<Table, string>();
  for (const table of tables) {
    const text = `SELECT jsonb_agg(to_jsonb(t))::text AS rows FROM ${table.name} t`;
    const row = await firstRow<{ rows: string | null }>(session, text);
    if (row !== undefined && row.rows !== null) contents.set(table, row.rows);
  }
  const sequences = await session.rows<Copy['sequences'][number]>(
    `SELECT sequencename AS name, last_value AS last FROM pg_sequences WHERE schemaname = 'public'`,
  );
  return { tables, contents, sequences };
}
