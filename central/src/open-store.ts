import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import type { CentralReader } from './store/central-store.ts';
import { openPostgresReader, openPostgresStore } from './store/postgres/open-central-store.ts';
import type { PromiseReader } from './store/promise-store.ts';
import { openCentralReader, openCentralStore } from './store/sqlite/open-central-store.ts';

/** Where the store is: a file, or a database of a PostgreSQL server. */
export type StorePlace = { readonly databasePath: string; readonly databaseUrl?: string };

export type OpenedReader = { readonly reader: CentralReader & PromiseReader; close(): void | Promise<void> };

/** Makes the store or brings it up to date, and closes it again. Throws when it cannot be used, with what to do about it. */
export async function proveStore(
  { databasePath, databaseUrl }: StorePlace,
  parts: { readonly clock: Clock; readonly random: Random },
): Promise<void> {
  const store =
    databaseUrl === undefined ? openCentralStore(databasePath) : await openPostgresStore(databaseUrl, parts);
  await store.close();
}

/** A reader beside the writer, of a store that was proved. */
export function openReader({ databasePath, databaseUrl }: StorePlace): OpenedReader {
  return databaseUrl === undefined ? openCentralReader(databasePath) : openPostgresReader(databaseUrl);
}

/** The place as anybody may read it. */
export function shownPlace({ databasePath, databaseUrl }: StorePlace): string {
  if (databaseUrl === undefined) return databasePath;
  const { protocol, host, pathname } = new URL(databaseUrl);
  return `${protocol}//${host}${pathname}`;
}
