import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { postgresStores } from '../../testing/opened-postgres.ts';
import { PgliteDatabase } from '../../testing/pglite-database.ts';
import { describeApplying } from '../applying.contract.ts';
import { ContractFixture, type OpenStore } from '../contract-fixture.contract.ts';
import { describeDeciding } from '../deciding.contract.ts';
import { describeReading } from '../reading.contract.ts';
import { describeSelling } from '../selling.contract.ts';

// Where there is no server: enough to notice that a statement is wrong, and seconds. `central-store.pg.test.ts` holds the adapter
// to the whole contract.
describe('central store on PostgreSQL within the process', () => {
  let database: PgliteDatabase;
  let open: OpenStore;
  const fixture = new ContractFixture();
  beforeAll(async () => {
    database = await PgliteDatabase.open();
    open = await postgresStores(() => database.shared());
  }, 60_000);
  afterAll(() => database.close());
  beforeEach(() => fixture.open(open));
  afterEach(() => fixture.opened.close());
  describeDeciding(fixture);
  describeApplying(fixture);
  describeReading(fixture);
  describeSelling(fixture);
});
