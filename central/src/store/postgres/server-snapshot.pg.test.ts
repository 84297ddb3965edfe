import { systemClock } from '@edgestock/shared/runtime/clock';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { StoreUnavailable } from '../store-unavailable.ts';
import { ServerDatabase } from './server-database.ts';
import type { Session } from './session.ts';

let server: PostgresServer;
let database: ServerDatabase;
let other: ServerDatabase;
beforeAll(async () => {
  server = await startPostgresServer();
  await server.createDatabase('store');
});
afterAll(() => server.stop());
beforeEach(() => {
  [database, other] = ['test', 'other'].map(
    (name) => new ServerDatabase(server.url('store'), { readersMax: 2, name }),
  ) as [ServerDatabase, ServerDatabase];
});
afterEach(() => Promise.all([database.close(), other.close()]));

const one = (session: Session) => session.rows('SELECT 1 AS one');
const pidOf = async (session: Session) => {
  const [row] = await session.rows<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return row?.pid ?? 0;
};
/** Ends a process of the server, and waits until its end is known here. */
async function cut(pid: number): Promise<void> {
  await other.reads.run('SELECT pg_terminate_backend($1::int)', [pid]);
  await systemClock.sleep(100);
}
/** One after the other, as a server that crashes does: with the first all are thrown away, which lets the others end what they do. */
async function cutAll(session: Session): Promise<void> {
  const [another, own] = [await pidOf(database.reads), await pidOf(session)];
  expect(another).not.toBe(own);
  await cut(another);
  await cut(own);
}

// The driver throws it out of everybody's hands: the runner tells of it as an error that nobody has caught.
it('whose connection ends between two of its statements begins anew on another one, and harms nobody', async () => {
  let rounds = 0;
  const asked = database.snapshot(async (session) => {
    rounds += 1;
    if (rounds === 1) await cutAll(session);
    return one(session);
  });
  expect(await asked).toEqual([{ one: 1 }]);
  expect(rounds).toBe(2);
});

it('whose connection ends each time, and whose work fails then, is told as a server that is away, and harms nobody', async () => {
  const work = async (session: Session) => {
    await cutAll(session);
    throw new Error('of the work');
  };
  await expect(database.snapshot(work)).rejects.toThrow(StoreUnavailable);
  await systemClock.sleep(100);
  expect(await database.snapshot(one)).toEqual([{ one: 1 }]);
});

it('gives its connection back, also when its work has failed', async () => {
  const failing = database.snapshot(async (session) => {
    await one(session);
    throw new Error('of the work');
  });
  await expect(failing).rejects.toThrow('of the work');
  const writing = (session: Session) => session.run('CREATE TABLE t (x int)');
  await expect(database.snapshot(writing)).rejects.toThrow('read-only transaction');
  expect(await database.snapshot(one)).toEqual([{ one: 1 }]);
  expect(await one(database.reads)).toEqual([{ one: 1 }]);
});
