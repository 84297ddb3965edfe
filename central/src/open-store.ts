import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { centralLimits } from './limits.ts';
import type { CentralReader, CentralStore } from './store/central-store.ts';
import { openPostgresReader, openPostgresStore } from './store/postgres/open-central-store.ts';
import type { PromiseReader, PromiseStore } from './store/promise-store.ts';
import type { SharedStore } from './store/shared-store.ts';
import type { FileId } from './store/sqlite/held-files.ts';
import { openCentralReader, openCentralStore } from './store/sqlite/open-central-store.ts';
import type { StorePlace } from './store/store-place.ts';

/** `shared` is absent of a store that one process has for itself. */
export type OpenedStore = { readonly store: CentralStore & PromiseStore; readonly shared?: SharedStore };
export type OpenedReader = {
  readonly reader: CentralReader & PromiseReader;
  readonly shared?: SharedStore;
  close(): Promise<void>;
};

/**
 * The store, wherever it is, for the thread that writes. `isChecked`: a file is read as a whole first. `held`: which
 * file it has to be. Throws `StoreFailing` where
 * to try again may help, and what else keeps it from being opened, with what to do about it.
 */
export async function openStore(
  place: StorePlace,
  how: { readonly isChecked: boolean; readonly held?: FileId },
): Promise<OpenedStore> {
  if (place.kind === 'sqlite') return { store: openCentralStore(place.path, how) };
  return openPostgresStore(place.url, { clock: systemClock, random: systemRandom });
}

/** The same of a database, for a command that nobody may run on it beside: throws `StoreInUse`, nothing changed. */
export async function openDatabaseAlone(url: string): Promise<CentralStore & PromiseStore> {
  const opened = await openPostgresStore(url, { clock: systemClock, random: systemRandom, isAlone: true });
  return opened.store;
}

/** The store for who reads beside the writer, which comes first. `isBusy`: many read at the same time. `onDamage`: a read met some. */
export function openReader(
  place: StorePlace,
  { isBusy, onDamage }: { readonly isBusy: boolean; readonly onDamage?: (reason: string) => void },
): OpenedReader {
  if (place.kind === 'postgresql') {
    return openPostgresReader(place.url, isBusy ? centralLimits.apiReadersMax : centralLimits.operatorReadersMax);
  }
  const { reader, close } = openCentralReader(place.path, onDamage);
  return { reader, close: async () => close() };
}
