import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { NodeLog } from '../../testing/node-log.ts';
import { describeCentralStore } from '../central-store.contract.ts';
import { StoreFull } from '../store-full.ts';
import { SqliteCentralStore } from './central-store.ts';
import { migrations } from './migrations.ts';
import { openCentralReader, openCentralStore } from './open-central-store.ts';

describeCentralStore('central store on SQLite', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  let store = openCentralStore(path);
  const { reader, close: closeReader } = openCentralReader(path);
  return {
    store,
    reader,
    reopen: async () => {
      await store.close();
      store = openCentralStore(path);
      return store;
    },
    close: async () => {
      closeReader();
      await store.close();
      await rm(directory, { recursive: true });
    },
  };
});

it('applies nothing of a call that fails half-way', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  const store = openCentralStore(path);
  const log = new NodeLog('BER1');
  await store.enrol(log.warehouse, log.enrolRequest(), 1);
  log.record('A', 1);
  log.record('B', 1);
  // The log of batches is written after the positions: a failure there must take the positions back.
  const saboteur = new Database(path);
  saboteur.exec(
    "CREATE TRIGGER full BEFORE INSERT ON batch WHEN NEW.last_sequence = 2 BEGIN SELECT raise(ABORT, 'full'); END",
  );
  saboteur.close();
  await expect(store.applyBatches([log.verified(1, 1), log.verified(2, 2)], 1)).rejects.toThrow('full');
  expect(await store.positionsOf(log.warehouse, undefined, 10)).toEqual([]);
  expect(await store.warehouse(log.warehouse)).toMatchObject({ appliedUpTo: 0 });
  const { outcomes, changes } = await store.applyBatches([log.verified(1, 1)], 1);
  expect(outcomes).toMatchObject([{ outcome: 'applied' }]);
  expect(changes).toEqual([{ sku: 'A', revision: 1 }]);
  await store.close();
  await rm(directory, { recursive: true });
});

it('is read only where it exists', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
  const path = join(directory, 'central.db');
  expect(() => openCentralReader(path)).toThrow();
  await openCentralStore(path).close();
  const { reader, close } = openCentralReader(path);
  expect(await reader.stats()).toMatchObject({ warehouses: 0 });
  close();
  await rm(directory, { recursive: true });
});

it.each([
  ['SQLITE_FULL', true],
  ['SQLITE_IOERR_SHMSIZE', true],
  ['SQLITE_IOERR_WRITE', true],
  ['SQLITE_IOERR_READ', false],
  ['SQLITE_CORRUPT', false],
])('takes %s from a write for a full disk: %s', async (code, isFull) => {
  const database = new Database(':memory:');
  migrate(database, migrations);
  const store = new SqliteCentralStore(database);
  // What the driver throws when a disk fails so; the trigger has it happen in the middle of a transaction.
  database.function('fail', () => {
    throw new Database.SqliteError('disk I/O error', code);
  });
  database.exec('CREATE TEMP TRIGGER failing BEFORE INSERT ON main.node BEGIN SELECT fail(); END');
  const log = new NodeLog('BER1');
  const failure = await store.enrol(log.warehouse, log.enrolRequest(), 1).catch((error: unknown) => error);
  expect(failure instanceof StoreFull).toBe(isFull);
  expect(failure).toHaveProperty('message', expect.stringContaining('disk I/O error'));
  expect(await store.warehouses()).toEqual([]);
  await store.close();
});
