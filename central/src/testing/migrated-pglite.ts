import { must } from '@edgestock/shared/runtime/assert';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { migrate } from '../store/postgres/migrate.ts';
import { migrations } from '../store/postgres/migrations.ts';
import type { Session } from '../store/postgres/session.ts';
import { PgliteDatabase } from './pglite-database.ts';

/**
 * Sessions for the tests of one file: each test works on the tables of the store in a transaction that is rolled back, so none
 * finds what another has left. A statement that fails ends what the test can do.
 */
export function migratedPglite(): { readonly session: Session } {
  let database: PgliteDatabase | undefined;
  beforeAll(async () => {
    database = await PgliteDatabase.open();
    await migrate(database, migrations);
  }, 60_000);
  beforeEach(() => must(database, 'it was opened before').reads.run('BEGIN'));
  afterEach(() => must(database, 'it was opened before').reads.run('ROLLBACK'));
  afterAll(() => must(database, 'it was opened before').close());
  return {
    get session() {
      return must(database, 'it was opened before').reads;
    },
  };
}

/** A position of a node that may be shorter of goods than of promises; what is not named is zero. */
export async function putPosition(
  session: Session,
  position: { readonly sku: string; readonly warehouse: string } & Readonly<Record<string, string | number>>,
): Promise<void> {
  const row: Record<string, string | number> = {
    ...{ on_hand: 0, unsellable: 0, reserved: 0, committed: 0, quota: 0, safety_stock: 0 },
    ...{ version: 1, sequence: 1, log_sequence: 1, at: 1 },
    ...position,
  };
  const columns = Object.keys(row);
  const places = columns.map((_, place) => `$${place + 1}`);
  await session.run(
    `INSERT INTO position (${columns.join(', ')}, suspect) VALUES (${places.join(', ')}, false)`,
    Object.values(row),
  );
}

export async function putNode(session: Session, warehouse: string, { heardAt = 1 } = {}): Promise<void> {
  await session.run(
    `INSERT INTO node (warehouse, epoch, instance, enrolled_at, applied_hash, heard_at)
    VALUES ($1, 1, 'instance', 1, decode(repeat('00', 32), 'hex'), $2)`,
    [warehouse, heardAt],
  );
}
