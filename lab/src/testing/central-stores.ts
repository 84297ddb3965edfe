import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll } from 'vitest';
import { chosenStore, type StoreKind } from './config.ts';

/** The stores of the centrals of one test file. */
export type CentralStores = {
  readonly kind: StoreKind;
  /** One that nobody has used: for `--store` of whatever starts central. Of SQLite that is a file in central's own folder. */
  fresh(): Promise<string>;
};

/**
 * On SQLite, or on a PostgreSQL server of the file's own with a database for each central, as EDGESTOCK_LAB_STORE says. To be
 * called beside the tests, not in them: its server is gone after the last of them.
 */
export function centralStores(kind: StoreKind = chosenStore()): CentralStores {
  if (kind === 'sqlite') return { kind, fresh: async () => 'sqlite' };
  let starting: Promise<PostgresServer> | undefined;
  let databases = 0;
  afterAll(async () => (await starting)?.stop());
  return {
    kind,
    fresh: async () => {
      // Processes are killed on it, and power is not cut: it need not wait for the disk.
      starting ??= startPostgresServer();
      const server = await starting;
      databases += 1;
      const name = `central${databases}`;
      await server.createDatabase(name);
      return server.url(name);
    },
  };
}
