import type { Clock } from '@edgestock/shared/runtime/clock';
import { LastingFailure } from '@edgestock/shared/runtime/lasting-failure';
import type { Random } from '@edgestock/shared/runtime/random';
import { centralLimits } from '../../limits.ts';
import type { SharedStore } from '../shared-store.ts';
import { StoreFailing } from '../store-failing.ts';
import { StoreInUse } from '../store-in-use.ts';
import { refuseMoved } from '../store-moved.ts';
import { PostgresCentralReader } from './central-reader.ts';
import { PostgresCentralStore } from './central-store.ts';
import { failureInWords } from './failure-in-words.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { standingIn } from './move/standing.ts';
import { ServerDatabase } from './server-database.ts';
import { storeRefused } from './server-refusal.ts';
import { PostgresSharedStore } from './sharing/shared-store.ts';
import { refuseCentrals } from './sole-use.ts';

type StoreParts = {
  readonly clock: Clock;
  readonly random: Random;
  /** For a command that must find nobody else at work, now and in each of its transactions: throws `StoreInUse` otherwise. */
  readonly isAlone?: boolean;
};

/**
 * Opens the store to write to it, migrated; several processes may do so at once. Throws `StoreUnavailable` while the server is
 * away, `StoreFull` and `StoreReadOnly` while it takes no writes, `StoreRefused`, `SchemaRefused` and `StoreMoved` for what waiting does
 * not change.
 */
export async function openPostgresStore(
  url: string,
  parts: StoreParts,
): Promise<{ readonly store: PostgresCentralStore; readonly shared: SharedStore }> {
  const database = new ServerDatabase(url, {
    readersMax: centralLimits.writerReadersMax,
    // Centrals are known by their name.
    name: parts.isAlone === true ? 'edgestock alone' : 'edgestock central writer',
  });
  try {
    if (parts.isAlone === true) await refuseCentrals(database.reads);
    await migrate(database, migrations);
    refuseMoved(await standingIn(database.reads));
    return { store: new PostgresCentralStore(database, parts), shared: new PostgresSharedStore(database.reads) };
  } catch (error) {
    await database.close();
    throw refusalOf(error);
  }
}

/** Connects when it is asked; the store must have been opened to write once. */
export function openPostgresReader(
  url: string,
  readersMax: number,
): {
  readonly reader: PostgresCentralReader;
  readonly shared: SharedStore;
  close(): Promise<void>;
} {
  const database = new ServerDatabase(url, { readersMax, name: 'edgestock central' });
  return {
    reader: new PostgresCentralReader(database),
    shared: new PostgresSharedStore(database.reads),
    close: () => database.close(),
  };
}

/** What keeps a database from being opened, in the words of the port. */
export function refusalOf(error: unknown): unknown {
  const inWords = [LastingFailure, StoreFailing, StoreInUse];
  if (inWords.some((kind) => error instanceof kind)) return error;
  return failureInWords(error) ?? storeRefused(error);
}
