import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterAll, beforeAll } from 'vitest';
import { postgresStores } from '../../testing/opened-postgres.ts';
import { describeCentralStore } from '../central-store.contract.ts';
import type { OpenStore } from '../contract-fixture.contract.ts';
import { ServerDatabase } from './server-database.ts';

let server: PostgresServer;
let open: OpenStore;
beforeAll(async () => {
  server = await startPostgresServer();
  await server.createDatabase('store');
  open = await postgresStores(() => new ServerDatabase(server.url('store'), { readersMax: 2, name: 'test' }));
}, 60_000);
afterAll(() => server.stop());

describeCentralStore('central store on PostgreSQL', () => open());
