import { type CentralEnvironment, readCentralConfig } from '../config.ts';

/** The store is a database of a server, whose own means these are. */
export class StoreIsOnServer extends Error {
  override readonly name = 'StoreIsOnServer';
  readonly hint =
    'Back the database up with pg_dump, or with the archive of its server (point-in-time recovery). After one was put back, and before central is started on it, run edgestock central restored: it begins the next epoch.';
}

/** The data directory, where the store is a file in it. Throws `StoreIsOnServer`. */
export function directoryOfStore(flags: CentralEnvironment): string {
  const { dataDirectory, storeUrl } = readCentralConfig(flags);
  if (storeUrl !== undefined) throw new StoreIsOnServer("central's store is a PostgreSQL database, not a file");
  return dataDirectory;
}
