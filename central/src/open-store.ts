import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import type { CentralReader, CentralStore } from './store/central-store.ts';
import { openPostgresReader, openPostgresStore } from './store/postgres/open-central-store.ts';
import type { PromiseReader, PromiseStore } from './store/promise-store.ts';
import { openCentralReader, openCentralStore } from './store/sqlite/open-central-store.ts';
import type { StorePlace } from './store/store-place.ts';

export type OpenedStore = CentralStore & PromiseStore & { close(): Promise<void> };
export type OpenedReader = { readonly reader: CentralReader & PromiseReader; close(): Promise<void> };

/**
 * The store, wherever it is, for the thread that writes. `isChecked`: a file is read as a whole first. Throws `StoreFailing` where
 * to try again may help, and what else keeps it from being opened, with what to do about it.
 */
export async function openStore(
  place: StorePlace,
  { isChecked }: { readonly isChecked: boolean },
): Promise<OpenedStore> {
  if (place.kind === 'sqlite') return openCentralStore(place.path, { isChecked });
  return openPostgresStore(place.url, { clock: systemClock, random: systemRandom });
}

/** The store for who reads beside the writer, which comes first. */
export function openReader(place: StorePlace): OpenedReader {
  if (place.kind === 'postgresql') return openPostgresReader(place.url);
  const { reader, close } = openCentralReader(place.path);
  return { reader, close: async () => close() };
}
