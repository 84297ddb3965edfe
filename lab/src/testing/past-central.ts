import { join } from 'node:path';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import postgres from 'postgres';

/** Central's database, reached past central: to look what is there, or to damage it. */
export type PastCentral = {
  rows(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
};

/** `store` as it was given to central, whose folder is `directory`. */
export async function openPastCentral(store: string, directory: string): Promise<PastCentral> {
  if (store !== 'sqlite') {
    const sql = postgres(store, { max: 1 });
    return { rows: (statement) => sql.unsafe(statement), close: () => sql.end() };
  }
  const database = openDatabase(join(directory, 'central.db'), { cacheKiB: 64 });
  return {
    rows: async (statement) => {
      const prepared = database.prepare(statement);
      if (prepared.reader) return prepared.all() as readonly Readonly<Record<string, unknown>>[];
      prepared.run();
      return [];
    },
    close: async () => void database.close(),
  };
}
