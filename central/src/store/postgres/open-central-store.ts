import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { centralLimits } from '../../limits.ts';
import { StoreFailing } from '../store-failing.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { PostgresCentralReader } from './central-reader.ts';
import { PostgresCentralStore } from './central-store.ts';
import { failureOf } from './failures.ts';
import { migrate, SchemaRefused } from './migrate.ts';
import { migrations } from './migrations.ts';
import { ServerDatabase } from './server-database.ts';

/** The server is there and lets nobody in, or the database is none for this release. */
export class StoreRefused extends Error {
  override readonly name = 'StoreRefused';
  readonly hint =
    'Look at EDGESTOCK_CENTRAL_STORE: is the database there (createdb), and are the user, who may make tables in it, and the password right?';
}

/**
 * Opens the store to write to it, migrated; several processes may do so at once. Throws `StoreUnavailable` while the server is
 * away, `StoreFull` while it takes no writes, `StoreRefused` and `SchemaRefused` for what waiting does not change.
 */
export async function openPostgresStore(
  url: string,
  parts: { readonly clock: Clock; readonly random: Random },
): Promise<PostgresCentralStore> {
  const database = new ServerDatabase(url, {
    readersMax: centralLimits.writerReadersMax,
    name: 'edgestock central writer',
  });
  try {
    await migrate(database, migrations);
    return new PostgresCentralStore(database, parts);
  } catch (error) {
    await database.close();
    throw refusalOf(error);
  }
}

/** Connects when it is asked; the store must have been opened to write once. */
export function openPostgresReader(url: string): {
  readonly reader: PostgresCentralReader;
  close(): Promise<void>;
} {
  const database = new ServerDatabase(url, { readersMax: centralLimits.apiReadersMax, name: 'edgestock central' });
  return { reader: new PostgresCentralReader(database), close: () => database.close() };
}

function refusalOf(error: unknown): unknown {
  if (error instanceof SchemaRefused || error instanceof StoreFailing) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (failureOf(error) === 'connection') {
    return new StoreUnavailable(`the database server cannot be reached: ${reason}`, { cause: error });
  }
  return new StoreRefused(`the store cannot be opened: ${reason}`, { cause: error });
}
