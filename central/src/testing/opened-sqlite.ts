import { copyFileSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NOW, type OpenedStore } from '../store/contract-fixture.contract.ts';
import { backUpCentral, restoreCentral, STORE_FILE } from '../store/sqlite/central-backup.ts';
import type { SqliteCentralStore } from '../store/sqlite/central-store.ts';
import { openCentralReader } from '../store/sqlite/open-central-store.ts';

/** A store for the contract in a folder of its own, empty or as the file `from`. `open` opens it in each of its lives. */
export function openedSqlite(
  open: (path: string) => SqliteCentralStore,
  { from }: { readonly from?: string } = {},
): OpenedStore {
  const directory = mkdtempSync(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, STORE_FILE);
  if (from !== undefined) copyFileSync(from, path);
  let store = open(path);
  let backups = 0;
  const { reader, close: closeReader } = openCentralReader(path);
  return {
    store,
    reader,
    reopen: async () => {
      await store.close();
      store = open(path);
      return store;
    },
    backUp: async () => {
      backups += 1;
      const to = join(directory, `backup-${backups}.db`);
      backUpCentral({ dataDirectory: directory, to, now: NOW });
      return async () => {
        await store.close();
        await restoreCentral({ from: to, dataDirectory: directory, replace: true, now: NOW });
        store = open(path);
        return store;
      };
    },
    close: async () => {
      closeReader();
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
}
