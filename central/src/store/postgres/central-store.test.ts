import { afterAll, beforeAll } from 'vitest';
import { openedPostgres } from '../../testing/opened-postgres.ts';
import { PgliteDatabase } from '../../testing/pglite-database.ts';
import { describeCentralStore } from '../central-store.contract.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';

let database: PgliteDatabase;
beforeAll(async () => {
  database = await PgliteDatabase.open();
}, 60_000);
afterAll(() => database.close());

describeCentralStore('central store on PostgreSQL within the process', async () => {
  await migrate(database, migrations);
  // There is one connection, for all.
  return openedPostgres(
    () => ({
      ...database,
      reads: database.reads,
      snapshot: (work) => database.snapshot(work),
      transaction: (work) => database.transaction(work),
      close: async () => {},
    }),
    () => database.empty(),
  );
});
