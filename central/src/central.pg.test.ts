import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@edgestock/shared/runtime/log';
import { type PostgresServer, startPostgresServer } from '@edgestock/shared/testing/postgres-server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startCentral } from './central.ts';
import { StoreUnavailable } from './store/store-unavailable.ts';

let server: PostgresServer;
let directory: string;
beforeEach(async () => {
  server = await startPostgresServer();
  await server.createDatabase('central');
  directory = await mkdtemp(join(tmpdir(), 'edgestock-central-'));
}, 60_000);
afterEach(async () => {
  await server.stop();
  await rm(directory, { recursive: true });
});

const start = () =>
  startCentral(
    {
      ...{ host: '127.0.0.1', port: 0, dataDirectory: directory, logLevel: 'silent', corsOrigins: [] },
      // Nobody listens there: what is asked here needs no broker.
      natsUrls: ['nats://127.0.0.1:9'],
      databaseUrl: server.url('central'),
    },
    { log: silentLog },
  );
const ask = async (url: string, method = 'GET', body?: unknown) => {
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'key-of-the-test' };
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: response.status, body: await response.json() };
};

it('keeps its store in the database of a server, over its own lives and those of the server', async () => {
  let central = await start();
  try {
    const channel = { warehouses: 'all', buffer: 3 };
    expect(await ask(`${central.url}/v1/channels/north`, 'PUT', channel)).toMatchObject({ status: 200 });
    expect(await readdir(directory)).toEqual(['central.lock']);
    const status = await ask(`${central.url}/v1/status`);
    expect(status).toMatchObject({ status: 200, body: { store: { path: expect.stringContaining('/central') } } });
    expect(JSON.stringify(status.body)).not.toContain('edgestock@');
    await central.stop();

    central = await start();
    expect(await ask(`${central.url}/v1/channels/north`)).toMatchObject({ status: 200, body: channel });
    await server.restart();
    const changed = { warehouses: 'all', buffer: 4 };
    expect(await ask(`${central.url}/v1/channels/north`, 'PUT', changed)).toMatchObject({ status: 200 });
    await expect.poll(() => ask(`${central.url}/v1/channels/north`)).toMatchObject({ body: changed });
  } finally {
    await central.stop();
  }
}, 60_000);

it('does not start without its server, and says so', async () => {
  await server.kill();
  await expect(start()).rejects.toThrow(StoreUnavailable);
}, 60_000);
