import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '@edgestock/shared/runtime/assert';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll } from 'vitest';
import { chosenStore, type StoreKind } from './config.ts';

/** The stores of the centrals of one test file. */
export type CentralStores = {
  readonly kind: StoreKind;
  /** One that nobody has used: for `--store` of whatever starts central. Of SQLite that is a file in central's own folder. */
  fresh(): Promise<string>;
  /** Copies one whose central does not run, with its folder; the result puts the copy back in its place. */
  copied(store: string, directory: string): Promise<() => Promise<void>>;
};

/**
 * On SQLite, or on a PostgreSQL server of the file's own with a database for each central, as EDGESTOCK_LAB_STORE says. To be
 * called beside the tests, not in them: its server is gone after the last of them.
 */
export function centralStores(kind: StoreKind = chosenStore()): CentralStores {
  if (kind === 'sqlite') return { kind, fresh: async () => 'sqlite', copied: (_, directory) => fileCopied(directory) };
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
    copied: async (store) => {
      const server = must(await starting, 'a store was taken from it');
      const name = new URL(store).pathname.slice(1);
      const copy = `${name}_copy`;
      await server.createDatabase(copy, name);
      return async () => {
        await server.dropDatabase(name);
        await server.createDatabase(name, copy);
      };
    },
  };
}

async function fileCopied(directory: string): Promise<() => Promise<void>> {
  const [file, copy] = [join(directory, 'central.db'), join(directory, 'central.db.copy')];
  await copyFile(file, copy);
  return () => copyFile(copy, file);
}
