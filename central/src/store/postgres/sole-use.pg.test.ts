import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { NOW } from '../contract-fixture.contract.ts';
import { StoreInUse } from '../store-in-use.ts';
import { openPostgresReader, openPostgresStore } from './open-central-store.ts';
import { ServerDatabase } from './server-database.ts';

let server: PostgresServer;
const parts = { clock: systemClock, random: systemRandom };
const openAlone = async () => (await openPostgresStore(server.url('store'), { ...parts, isAlone: true })).store;
const beginning = { heard: 1, reason: 'restored' };

beforeAll(async () => {
  server = await startPostgresServer();
}, 60_000);
afterAll(() => server.stop());
beforeEach(async () => {
  await server.dropDatabase('store').catch(() => undefined);
  await server.createDatabase('store');
});

async function epoch(): Promise<number> {
  const { reader, close } = openPostgresReader(server.url('store'), 1);
  const now = await reader.centralEpoch();
  await close();
  return now;
}

it('is refused while a central is connected, and the schema is not touched', async () => {
  const central = new ServerDatabase(server.url('store'), { readersMax: 1, name: 'edgestock central' });
  await central.reads.rows('SELECT 1 AS one');
  await expect(openAlone()).rejects.toThrow('a central is connected to the database');
  expect(await central.reads.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  await central.close();
});

it('is refused to a transaction that finds a central which came after the store was opened', async () => {
  const alone = await openAlone();
  const { store } = await openPostgresStore(server.url('store'), parts);
  await expect(alone.beginEpoch(beginning, NOW)).rejects.toBeInstanceOf(StoreInUse);
  await store.close();
  expect(await epoch()).toBe(1);
  expect(await alone.beginEpoch(beginning, NOW)).toMatchObject({ centralEpoch: expect.any(Number) });
  await alone.close();
  expect(await epoch()).toBeGreaterThan(1);
});

it('is refused while somebody that is not known by its name writes, as a move does', async () => {
  const alone = await openAlone();
  const mover = new ServerDatabase(server.url('store'), { readersMax: 1, name: 'edgestock move' });
  await mover.transaction(async (session) => {
    await session.rows('SELECT id FROM meta WHERE id = 1 FOR UPDATE');
    await expect(alone.beginEpoch(beginning, NOW)).rejects.toThrow('it is being moved');
  });
  await mover.close();
  await alone.close();
});
