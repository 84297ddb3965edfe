import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ServerDatabase } from '../store/postgres/server-database.ts';
import { Writer } from './writer.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgresServer();
  await server.createDatabase('store');
});
afterAll(() => server.stop());

it('is not started again on a database that a newer release has changed, and says so with what to do', async () => {
  const { promise: failure, resolve: onLasting } = Promise.withResolvers<Error>();
  const url = server.url('store');
  const writer = new Writer(
    { natsUrls: [], roles: ['api'], store: { kind: 'postgresql', url }, logLevel: 'silent' },
    { clock: systemClock, random: systemRandom, log: silentLog, onLasting, onDamaged: () => undefined },
  );
  await writer.ready;
  const database = new ServerDatabase(url, { readersMax: 1, name: 'a newer release' });
  await database.transaction((session) => session.run("INSERT INTO schema_step VALUES (1000, 'from tomorrow')", []));
  await database.close();
  await writer.crash();
  expect(await failure).toMatchObject({
    message: expect.stringContaining('it was opened by a newer release'),
    hint: expect.stringContaining('Start that release'),
  });
  await writer.stop();
  expect([writer.isRunning, writer.restarts]).toEqual([false, 1]);
});
