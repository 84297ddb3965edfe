import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { NodeLog } from '../../../testing/node-log.ts';
import { NOW, reserve } from '../../contract-fixture.contract.ts';
import { movedTables } from '../../sqlite/move/moved-tables.ts';
import { StoreInUse } from '../../store-in-use.ts';
import { StoreMoved } from '../../store-moved.ts';
import { PostgresCentralStore } from '../central-store.ts';
import { openPostgresReader, openPostgresStore } from '../open-central-store.ts';
import { ServerDatabase } from '../server-database.ts';
import { PostgresMoveEnd } from './postgres-move-end.ts';

let server: PostgresServer;
let end: PostgresMoveEnd;
const open = async () =>
  (await openPostgresStore(server.url('store'), { clock: systemClock, random: systemRandom })).store;

beforeAll(async () => {
  server = await startPostgresServer();
}, 60_000);
afterAll(() => server.stop());
beforeEach(async () => {
  await server.createDatabase('store');
  const store = await open();
  const log = new NodeLog('BER1');
  await store.enrol(log.warehouse, log.enrolRequest(), NOW);
  log.record('A', 9);
  await store.applyBatches([log.verified(1, 1)], NOW);
  await store.close();
  end = await PostgresMoveEnd.open(server.url('store'), movedTables);
});
afterEach(async () => {
  await end.close();
  await server.dropDatabase('store');
});

const leave = (during: () => Promise<unknown>) =>
  end.hold(async (held) => {
    await during();
    await held.leave({ id: 'move', to: 'elsewhere' });
  });

it('is not moved while a central writes to it, or reads from it', async () => {
  const store = await open();
  await store.promise([reserve('r1', { A: 1 })], NOW);
  await expect(leave(async () => {})).rejects.toBeInstanceOf(StoreInUse);
  await store.close();
  const reading = openPostgresReader(server.url('store'), 1);
  await reading.reader.warehouses();
  await expect(leave(async () => {})).rejects.toThrow('a central is connected to the database');
  await reading.close();
  await leave(async () => {});
});

it('is not moved under a central whose address gives it another name', async () => {
  const reading = openPostgresReader(`${server.url('store')}?application_name=shop`, 1);
  await reading.reader.warehouses();
  await expect(leave(async () => {})).rejects.toThrow('a central is connected to the database');
  await reading.close();
});

it('is seen to be moved by who only reads', async () => {
  const reading = openPostgresReader(server.url('store'), 1);
  expect(await reading.shared.standing()).toMatchObject({ centralEpoch: 1 });
  await reading.close();
  await leave(async () => {});
  const late = openPostgresReader(server.url('store'), 1);
  await expect(late.shared.standing()).rejects.toBeInstanceOf(StoreMoved);
  await late.close();
});

it('is not moved by two at the same time', async () => {
  const other = await PostgresMoveEnd.open(server.url('store'), movedTables);
  await leave(async () => {
    await expect(other.hold(async () => {})).rejects.toThrow('it is being moved');
  });
  await other.close();
});

it('keeps a central that is started meanwhile from writing, and is not left from under it', async () => {
  let store: PostgresCentralStore | undefined;
  let writing: Promise<unknown> | undefined;
  const left = leave(async () => {
    store = await open();
    writing = store.promise([reserve('r1', { A: 1 })], NOW);
  });
  await expect(left).rejects.toThrow('a central is connected to the database');
  expect(await writing).toMatchObject({ outcomes: [{ outcome: 'reserved' }] });
  await store?.close();
});

it('refuses who waited for the end of the move, and whoever comes later', async () => {
  // One that is not seen among the connected, as behind a proxy that names its connections itself.
  const database = new ServerDatabase(server.url('store'), { readersMax: 1, name: 'hidden' });
  const hidden = new PostgresCentralStore(database, { clock: systemClock, random: systemRandom });
  let waiting: Promise<unknown> | undefined;
  const isWaiting = async () => {
    const rows = await database.reads.rows('SELECT pid FROM pg_locks WHERE NOT granted');
    return rows.length > 0;
  };
  await leave(async () => {
    waiting = hidden.promise([reserve('r1', { A: 1 })], NOW).catch((error: unknown) => error);
    while (!(await isWaiting())) await systemClock.sleep(5);
  });
  expect(await waiting).toBeInstanceOf(StoreMoved);
  expect(await hidden.reservation('r1')).toBeUndefined();
  await hidden.close();
  await expect(open()).rejects.toBeInstanceOf(StoreMoved);
});
