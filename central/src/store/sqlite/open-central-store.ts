import { openedSound, refuseDamaged } from '@edgestock/shared/sqlite/database-check';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import { SteadyDatabase } from '@edgestock/shared/sqlite/steady-database';
import { StoreFull } from '../store-full.ts';
import { refuseMoved } from '../store-moved.ts';
import { SqliteCentralReader } from './central-reader.ts';
import { isDiskFull, lockedStore, SqliteCentralStore } from './central-store.ts';
import { type FileId, refuseOther } from './held-files.ts';
import { migrations } from './migrations.ts';
import { standingIn } from './move/standing.ts';
import { readInWords } from './read-in-words.ts';

/** Enough for the inner pages of tables of some millions of rows. */
const WRITER_CACHE_KIB = 64 * 1_024;
/** Its inner pages: of the others the API keeps what it was asked for by itself, in a tenth of the room. With 64 MiB a read took no less. */
const READER_CACHE_KIB = 16 * 1_024;
/**
 * Pages in the log before they are copied into the database: 32 MB. A group of ingest touches some hundred scattered pages, so
 * at the default of 1,000 every second commit pays for a copy.
 */
const CHECKPOINT_AFTER_PAGES = 8_000;

/**
 * Opens the store for its one writer: durable, checked, migrated. The data directory's lock is the business of the process. The
 * check reads the whole file, so whoever has just done it may leave it out. `held`: the file that it has to be; without it one is made
 * where there is none. Throws `DatabaseDamaged`, `StoreMoved`, `StoreGone`, `StoreLocked`, and `StoreFull` when the disk has no room for what opening needs.
 */
export function openCentralStore(
  path: string,
  { isChecked = true, held }: { readonly isChecked?: boolean; readonly held?: FileId } = {},
): SqliteCentralStore {
  if (held !== undefined) refuseOther(path, held);
  try {
    return openedSound(path, () => openWriter(path, isChecked));
  } catch (error) {
    if (isDiskFull(error)) throw new StoreFull(`the store cannot be opened: ${error.message}`, { cause: error });
    throw lockedStore(error) ?? error;
  }
}

function openWriter(path: string, isChecked: boolean): SqliteCentralStore {
  const database = openDatabase(path, { cacheKiB: WRITER_CACHE_KIB });
  try {
    if (isChecked) refuseDamaged(database);
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_AFTER_PAGES}`);
    migrate(database, migrations);
    refuseMoved(standingIn(database));
    return new SqliteCentralStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A reader beside the writer, for another thread. A read-only connection never checkpoints, so the writer alone does. */
export type OpenReader = { readonly reader: SqliteCentralReader; close(): void };

/** Opens an existing store for reading; throws while there is none: the writer comes first. `onDamage` is told of each read that meets some. */
export function openCentralReader(path: string, onDamage: (reason: string) => void = () => undefined): OpenReader {
  const database = new SteadyDatabase(path, { readonly: true, fileMustExist: true });
  database.pragma('mmap_size = 0');
  database.pragma('busy_timeout = 5000');
  database.pragma(`cache_size = ${-READER_CACHE_KIB}`);
  try {
    const reader = new SqliteCentralReader(database);
    readInWords(reader, onDamage);
    return { reader, close: () => void database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}
