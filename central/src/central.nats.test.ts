import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrolReply, heartbeatReply } from '@edgestock/shared/protocol/control';
import { enrolSubject, heartbeatSubject, upSubject } from '@edgestock/shared/protocol/subjects';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { DatabaseDamaged } from '@edgestock/shared/sqlite/database-check';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { pagesOf, spoilPages } from '@edgestock/shared/testing/spoil-pages';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import Database from 'better-sqlite3';
import type { NatsConnection } from 'nats';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Central, type CentralDependencies, startCentral } from './central.ts';
import type { CentralConfig } from './config.ts';
import { openCentralReader } from './store/sqlite/open-central-store.ts';
import { EventReader } from './testing/event-reader.ts';
import { NodeLog } from './testing/node-log.ts';

const SOON = { timeout: 10_000, interval: 20 };

let broker: NatsServer;
let directory: string;
let central: Central;
let connection: NatsConnection;

beforeEach(async () => {
  broker = await startNatsServer();
  directory = mkdtempSync(join(tmpdir(), 'edgestock-central-'));
  central = await start();
  connection = await connectForEver({
    url: broker.url,
    name: 'hand-made node',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
});

afterEach(async () => {
  await central.stop();
  await connection.close();
  await broker.stop();
  rmSync(directory, { recursive: true, force: true });
});

function start(dependencies: CentralDependencies = {}, other: Partial<CentralConfig> = {}): Promise<Central> {
  const config = {
    host: '127.0.0.1',
    port: 0,
    dataDirectory: directory,
    natsUrls: [broker.url],
    logLevel: 'silent' as const,
    roles: ['ingest', 'api', 'orders'] as const,
    corsOrigins: [],
    ...other,
  };
  return startCentral(config, { log: silentLog, ...dependencies });
}

/** A node of which there is only the protocol: it enrols, publishes batches of its log, and asks how far central is. */
class HandMadeNode {
  readonly log: NodeLog;
  #published = 0;

  constructor(warehouse: string) {
    this.log = new NodeLog(warehouse);
  }

  async enrol(): Promise<void> {
    const body = JSON.stringify(this.log.enrolRequest());
    // Central may still be connecting; a request without anyone to answer it fails at once.
    await expect
      .poll(
        () =>
          connection.request(enrolSubject(this.log.warehouse), body).then(
            () => true,
            () => false,
          ),
        SOON,
      )
      .toBe(true);
    const reply = await connection.request(enrolSubject(this.log.warehouse), body);
    expect(enrolReply.parse(reply.json())).toMatchObject({ outcome: 'enrolled', epoch: 1 });
  }

  async move(...lines: { sku: string; quantity: number }[]): Promise<void> {
    for (const { sku, quantity } of lines) this.log.record(sku, quantity);
    const bytes = this.log.bytes(this.#published + 1, this.log.head);
    await connection.jetstream().publish(upSubject(this.log.warehouse), bytes);
    this.#published = this.log.head;
  }

  async heartbeat(): Promise<number> {
    const body = JSON.stringify(this.log.heartbeatRequest({ clock: systemClock.now() }));
    const reply = await connection.request(heartbeatSubject(this.log.warehouse), body);
    return heartbeatReply.parse(reply.json()).applied;
  }
}

const available = async (sku: string) => {
  const response = await fetch(`${central.url}/v1/availability/${sku}`);
  return ((await response.json()) as { available: number }).available;
};

const status = async () => (await fetch(`${central.url}/v1/status`)).json();

test('a sale at a node becomes availability at central, on the wire and in the stream', async () => {
  const ber = new HandMadeNode('BER1');
  const ham = new HandMadeNode('HAM1');
  await ber.enrol();
  await ham.enrol();
  const stream = await EventReader.open(`${central.url}/v1/availability/stream?sku=A`);

  await ber.move({ sku: 'A', quantity: 10 }, { sku: 'B', quantity: 7 });
  await ham.move({ sku: 'A', quantity: 5 });
  await expect.poll(() => available('A'), SOON).toBe(15);
  await ber.move({ sku: 'A', quantity: -3 });
  await expect.poll(() => available('A'), SOON).toBe(12);
  expect(await available('B')).toBe(7);
  await stream.until(({ events }) => events.at(-1)?.data.available === 12);
  stream.close();

  expect(await ber.heartbeat()).toBe(3);
  await expect
    .poll(async () => (await fetch(`${central.url}/v1/warehouses/BER1`)).json(), SOON)
    .toMatchObject({ appliedUpTo: 3, committedUpTo: 3, backlog: 0, isSilent: false, epoch: 1 });
  await expect
    .poll(status, SOON)
    .toMatchObject({ ingest: { isUp: true, state: 'running', counters: { deltasApplied: 4 } } });
});

test('what was applied is there after a restart, and the log goes on', async () => {
  const ber = new HandMadeNode('BER1');
  await ber.enrol();
  await ber.move({ sku: 'A', quantity: 10 });
  await expect.poll(() => available('A'), SOON).toBe(10);
  await central.stop();
  await ber.move({ sku: 'A', quantity: -1 });
  central = await start();
  await expect.poll(() => available('A'), SOON).toBe(9);
});

test('while the broker is away it serves what it knows and says so, and goes on when it is back', async () => {
  const ber = new HandMadeNode('BER1');
  await ber.enrol();
  await ber.move({ sku: 'A', quantity: 10 });
  await expect.poll(() => available('A'), SOON).toBe(10);
  await expect.poll(status, SOON).toMatchObject({ ingest: { isUp: true } });
  await broker.kill();
  await expect.poll(status, SOON).toMatchObject({ ingest: { isUp: false, state: 'waiting-for-broker' } });
  expect(await available('A')).toBe(10);
  expect((await fetch(`${central.url}/readyz`)).status).toBe(200);
  await broker.restart();
  await expect.poll(status, { timeout: 18_000, interval: 50 }).toMatchObject({ ingest: { isUp: true } });
}, 30_000);

test('says that a Redis is of no use to a process that answers no shops', async () => {
  await central.stop();
  const told: object[] = [];
  const log = { ...silentLog, warn: (facts: object) => void told.push(facts) };
  central = await start({ log }, { roles: ['ingest', 'orders'], redisUrl: 'redis://127.0.0.1:1' });
  expect(told).toMatchObject([{ roles: ['ingest', 'orders'], hint: expect.stringContaining('role api') }]);
});

test('refuses the broker of another store in words that name it, until it is told to come in its place', async () => {
  const ber = new HandMadeNode('BER1');
  await ber.enrol();
  await ber.move({ sku: 'A', quantity: 10 });
  await expect.poll(() => available('A'), SOON).toBe(10);
  const dataDirectory = join(directory, 'another');
  const error: unknown = await start({}, { dataDirectory }).catch((failure) => failure);
  const { storeId, place } = await whose(directory);
  expect(error).toMatchObject({
    message: `the broker carries the messages of another store of central: ${storeId}, ${place}`,
    hint: expect.stringContaining(`--instead-of ${storeId}`),
  });
  await ber.move({ sku: 'A', quantity: 5 });
  await expect.poll(() => available('A'), SOON).toBe(15);

  // What it has goes with it, wherever it is.
  await central.stop();
  central = await start();
  await ber.move({ sku: 'A', quantity: 1 });
  await expect.poll(() => available('A'), SOON).toBe(16);
  await central.stop();
  central = await start({}, { dataDirectory, insteadOf: storeId });
  await ber.enrol();
  await central.stop();
  await expect(start()).rejects.toThrow('another');
});

/** A store, as it is named to who meets it at a broker. */
async function whose(dataDirectory: string) {
  const path = join(dataDirectory, 'central.db');
  const open = openCentralReader(path);
  const storeId = await open.reader.storeId();
  open.close();
  return { storeId, place: `${path} on ${hostname()}` };
}

test('serves a large store before it is checked, shows what the check finds, and refuses it from then on', async () => {
  const path = join(directory, 'central.db');
  await central.stop();
  // Of a table that no start reads.
  const database = new Database(path);
  database.exec(`CREATE TABLE filler (x INTEGER PRIMARY KEY, y TEXT);
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000) INSERT INTO filler SELECT x, 'text ' || x FROM n`);
  database.close();
  const sound = readFileSync(path);
  spoilPages(path, pagesOf(path, 'filler').slice(0, 1));
  const large = { checkedFirstBytesMax: 1 };

  central = await start(large);
  const ready = async () => (await fetch(`${central.url}/readyz`)).json();
  await expect.poll(ready, SOON).toMatchObject({ integrity: { state: 'damaged' } });
  expect((await fetch(`${central.url}/v1/availability/A`)).status).toBe(200);
  await central.stop();

  await expect(start(large)).rejects.toThrow(DatabaseDamaged);
  writeFileSync(path, sound);
  central = await start(large);
  expect((await fetch(`${central.url}/v1/availability/A`)).status).toBe(200);
});
