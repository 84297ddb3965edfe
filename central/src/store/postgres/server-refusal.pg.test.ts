import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NOW, reserve } from '../contract-fixture.contract.ts';
import { StoreReadOnly } from '../store-read-only.ts';
import { StoreRefused } from '../store-refused.ts';
import { openPostgresReader, openPostgresStore } from './open-central-store.ts';
import { ServerDatabase } from './server-database.ts';

let server: PostgresServer;
const open = async (address: string) =>
  (await openPostgresStore(address, { clock: systemClock, random: systemRandom })).store;
const withPassword = (password: string) => server.url('store').replace('edgestock@', `edgestock:${password}@`);

beforeAll(async () => {
  server = await startPostgresServer();
  await server.createDatabase('store');
}, 60_000);
afterAll(() => server.stop());

async function refusal(asked: Promise<unknown>): Promise<unknown> {
  const error = await asked.then(
    () => 'not refused',
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StoreRefused);
  return error;
}

it.each(['require', 'verify-full'])(
  'says that the server has no TLS, where the address asks for it: %s',
  async (mode) => {
    expect(await refusal(open(`${server.url('store')}?sslmode=${mode}`))).toMatchObject({
      message: 'the database server has no TLS, which the address asks for',
      hint: expect.stringContaining('sslmode'),
    });
  },
);

it('says what else keeps it out: no such database, no such role', async () => {
  expect(await refusal(open(server.url('absent')))).toMatchObject({
    message: expect.stringContaining('no such database'),
  });
  expect(await refusal(open(server.url('store').replace('edgestock@', 'nobody@')))).toMatchObject({
    message: expect.stringContaining('does not let central in'),
  });
});

it('says of a server that is read-only, as a standby is, and opens the store once it is not', async () => {
  const admin = new ServerDatabase(server.url('postgres'), { readersMax: 1, name: 'a person' });
  const tell = (isReadOnly: string) =>
    admin.reads.run(`ALTER DATABASE store SET default_transaction_read_only = ${isReadOnly}`);
  await tell('on');
  const error = await open(server.url('store')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StoreReadOnly);
  expect(error).not.toBeInstanceOf(StoreRefused);
  await tell('off');
  await (await open(server.url('store'))).close();
  await admin.close();
});

it('says that the password is refused, at a start and to one that is open, which goes on when it is right again', async () => {
  await server.demandPassword('store', 'first');
  expect(await refusal(open(withPassword('wrong')))).toMatchObject({
    message: 'the database server refuses the password of "edgestock"',
    hint: expect.stringContaining('PGPASSWORD'),
  });
  const store = await open(withPassword('first'));
  const { reader, close } = openPostgresReader(withPassword('first'), 1);
  await server.demandPassword('store', 'second');
  const write = () => store.promise([reserve('r1', { A: 1 })], NOW);
  const message = expect.stringContaining('refuses the password');
  expect(await refusal(write())).toMatchObject({ message });
  expect(await refusal(reader.warehouses())).toMatchObject({ message });
  await server.demandPassword('store', 'first');
  expect((await write()).outcomes).toHaveLength(1);
  expect(await reader.warehouses()).toEqual([]);
  await Promise.all([store.close(), close()]);
  await server.demandPassword('store', undefined);
});
