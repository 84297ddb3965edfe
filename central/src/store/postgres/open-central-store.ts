import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { centralLimits } from '../../limits.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { PostgresCentralReader } from './central-reader.ts';
import { PostgresCentralStore } from './central-store.ts';
import { failureOf } from './failures.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { ServerDatabase } from './server-database.ts';

/**
 * Opens the store in a database of a PostgreSQL server for writing, and makes or updates its tables. Throws `StoreUnavailable` when the
 * server cannot be reached, and `SchemaRefused`.
 */
export async function openPostgresStore(
  url: string,
  parts: { readonly clock: Clock; readonly random: Random },
): Promise<PostgresCentralStore> {
  const database = new ServerDatabase(url, { readersMax: 1, name: 'edgestock central, writer' });
  try {
    await migrate(database, migrations);
    return new PostgresCentralStore(database, parts);
  } catch (error) {
    await database.close();
    if (failureOf(error) !== 'connection') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`the store cannot be opened: ${reason}`, { cause: error });
  }
}

/** A reader of a store that is made already, for another thread or process. */
export function openPostgresReader(url: string): {
  readonly reader: PostgresCentralReader;
  close(): Promise<void>;
} {
  const database = new ServerDatabase(url, {
    readersMax: centralLimits.storeReadersMax,
    name: 'edgestock central, reader',
  });
  return { reader: new PostgresCentralReader(database), close: () => database.close() };
}
