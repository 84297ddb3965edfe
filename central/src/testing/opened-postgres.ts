import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { NOW, type OpenedStore } from '../store/contract-fixture.contract.ts';
import { PostgresCentralReader } from '../store/postgres/central-reader.ts';
import { PostgresCentralStore } from '../store/postgres/central-store.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { migrations } from '../store/postgres/migrations.ts';
import { firstRow, type PostgresDatabase } from '../store/postgres/session.ts';
import { copyOfStore } from './postgres-copy.ts';

/**
 * Stores for the contract, one after the other in one database that only they use: making the tables takes longer than most
 * tests. `connect` opens it once more.
 */
export async function postgresStores(connect: () => PostgresDatabase): Promise<() => Promise<OpenedStore>> {
  const first = connect();
  await migrate(first, migrations);
  const empty = await copyOfStore(first);
  const storeOn = (on: PostgresDatabase) => new PostgresCentralStore(on, { clock: systemClock, random: systemRandom });
  return async () => {
    let database = connect();
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
        const putBack = await copyOfStore(first);
        return async () => {
          const row = await firstRow<{ heard: number }>(first.reads, 'SELECT central_epoch AS heard FROM meta');
          await putBack();
          const opened = await reopen();
          const reason = `restored from a backup of ${new Date(NOW).toISOString()}`;
          await opened.beginEpoch({ heard: row?.heard ?? 0, reason }, NOW);
          return opened;
        };
      },
      close: async () => {
        await store.close();
        await reading.close();
        await empty();
      },
    };
  };
}
