import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { NOW, type OpenedStore } from '../store/contract-fixture.contract.ts';
import { PostgresCentralReader } from '../store/postgres/central-reader.ts';
import { PostgresCentralStore } from '../store/postgres/central-store.ts';
import { firstRow, type PostgresDatabase } from '../store/postgres/session.ts';
import { copyOfStore } from './postgres-copy.ts';

/**
 * A store for the contract, on a migrated database. `connect` opens it once more; what `close` does of a store ends that alone, and
 * `remove` gives back the database itself.
 */
export async function openedPostgres(
  connect: () => PostgresDatabase,
  remove: () => Promise<void>,
): Promise<OpenedStore> {
  let database = connect();
  const storeOn = (on: PostgresDatabase) => new PostgresCentralStore(on, { clock: systemClock, random: systemRandom });
  let store = storeOn(database);
  const reading = connect();
  const reopen = async () => {
    await store.close();
    database = connect();
    store = storeOn(database);
    return store;
  };
  return {
    store,
    reader: new PostgresCentralReader(reading),
    reopen,
    backUp: async () => {
      const putBack = await copyOfStore(database);
      return async () => {
        const row = await firstRow<{ heard: number }>(database.reads, 'SELECT central_epoch AS heard FROM meta');
        await putBack(database);
        const opened = await reopen();
        const reason = `restored from a backup of ${new Date(NOW).toISOString()}`;
        await opened.beginEpoch({ heard: row?.heard ?? 0, reason }, NOW);
        return opened;
      };
    },
    close: async () => {
      await store.close();
      await reading.close();
      await remove();
    },
  };
}
