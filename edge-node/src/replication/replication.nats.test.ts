import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSku, parseWarehouseId, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { UP_STREAM, upStreamSubjects } from '@edgestock/shared/protocol/subjects';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { type BrokerCredentials, connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import { type ConsumerMessages, DiscardPolicy, type NatsConnection } from 'nats';
import { afterEach, describe, expect, test } from 'vitest';
import { Ledger } from '../ledger/ledger.ts';
import { EdgeStore } from '../store/edge-store.ts';
import { ModelCentral } from '../testing/model-central.ts';
import type { Replication } from './replication.ts';
import { startReplication } from './start-replication.ts';

/** The twin of replication-faults.test.ts on a real broker and a real database: what the simulation assumes of them holds. */
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const common = { clock: systemClock, random: systemRandom, log: silentLog, retryDelayMs: { min: 20, max: 60 } };
const warehouse: WarehouseId = must(parseWarehouseId('BER1'), 'a warehouse id');

async function broker(config?: string): Promise<NatsServer> {
  const server = await startNatsServer(config === undefined ? {} : { config });
  cleanUps.push(() => server.stop());
  return server;
}

type Node = { readonly store: EdgeStore; readonly ledger: Ledger; readonly replicate: () => Replication };

function node(server: NatsServer, credentials?: BrokerCredentials): Node {
  const dataDir = mkdtempSync(join(tmpdir(), 'edgestock-replication-'));
  const store = EdgeStore.open({ dataDir, warehouse, clock: systemClock, random: systemRandom });
  const ledger = new Ledger({ store, clock: systemClock });
  cleanUps.push(() => {
    store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const replicate = () => {
    const replication = startReplication({
      ...common,
      outbox: store.outbox,
      ledger,
      natsUrl: server.url,
      ...(credentials === undefined ? {} : { credentials }),
    });
    cleanUps.push(() => replication.stop());
    return replication;
  };
  return { store, ledger, replicate };
}

async function sell(ledger: Ledger, count: number): Promise<void> {
  const sales = Array.from({ length: count }, (_, index) =>
    ledger.record({
      type: 'record',
      kind: 'sale',
      lines: [{ sku: must(parseSku(`S${index % 40}`), 'a SKU'), quantity: 1 }],
    }),
  );
  for (const outcome of await Promise.all(sales)) expect(outcome.outcome).toBe('recorded');
}

/** The model of central behind a real stream, a durable consumer and two responders. */
async function central(server: NatsServer, credentials?: BrokerCredentials) {
  const model = new ModelCentral(systemClock);
  const connection = await connectForEver({
    ...common,
    url: server.url,
    name: 'model central',
    ...(credentials === undefined ? {} : { credentials }),
  });
  cleanUps.push(() => connection.close());
  for (const subject of ['edgestock.v1.enrol.*', 'edgestock.v1.heartbeat.*']) {
    connection.subscribe(subject, {
      callback: (_error, message) => {
        void model.answer(message.subject, message.json()).then((reply) => message.respond(JSON.stringify(reply)));
      },
    });
  }
  await makeStream(connection);
  let messages = await consume(connection, model);
  cleanUps.push(() => messages.close());
  return {
    model,
    connection,
    /** After the stream, and with it the consumer, has gone. */
    recreate: async () => {
      await messages.close();
      await makeStream(connection);
      messages = await consume(connection, model);
    },
  };
}

async function makeStream(connection: NatsConnection): Promise<void> {
  const manager = await connection.jetstreamManager();
  await manager.streams.add({ name: UP_STREAM, subjects: upStreamSubjects, discard: DiscardPolicy.New });
  await manager.consumers.add(UP_STREAM, { durable_name: 'model' });
}

async function consume(connection: NatsConnection, model: ModelCentral): Promise<ConsumerMessages> {
  const consumer = await connection.jetstream().consumers.get(UP_STREAM, 'model');
  const messages = await consumer.consume();
  void (async () => {
    for await (const message of messages) {
      model.deliver(message.subject, message.data);
      message.ack();
    }
  })();
  return messages;
}

async function until(isTrue: () => boolean, what: () => unknown, withinMs = 12_000): Promise<void> {
  const deadline = systemClock.monotonicMs() + withinMs;
  while (!isTrue()) {
    if (systemClock.monotonicMs() > deadline) expect.fail(`still not so: ${JSON.stringify(what())}`);
    await systemClock.sleep(10);
  }
}

/** Central holds the node's log, delta by delta. */
function expectSameLog({ store }: Node, model: ModelCentral): void {
  const { sequence } = store.outbox.head();
  const slice = store.outbox.slice(0, { deltasMax: sequence, bytesMax: Number.MAX_SAFE_INTEGER });
  expect(model.applied).toBe(sequence);
  expect(Buffer.concat(model.deltas).equals(Buffer.concat([...(slice?.deltas ?? [])]))).toBe(true);
}

describe('replication through a real broker', () => {
  test('brings a sale to central, and the word back, in milliseconds', async () => {
    const server = await broker();
    const { model } = await central(server);
    const site = node(server);
    const replication = site.replicate();
    await until(() => replication.status().state === 'live', replication.status.bind(replication));
    await sell(site.ledger, 1);
    await until(() => replication.status().applied === 1, replication.status.bind(replication), 150);
    expect(site.store.outbox.identity().epoch).toBe(1);
    expectSameLog(site, model);
  });

  test('begins without a broker, and follows when there is one', async () => {
    const server = await broker();
    await server.kill();
    const site = node(server);
    const replication = site.replicate();
    await sell(site.ledger, 300);
    expect(replication.status()).toMatchObject({ link: 'disconnected', state: 'enrolling', backlog: 300 });
    await server.restart();
    const { model } = await central(server);
    await until(() => model.applied === 300, replication.status.bind(replication));
    expectSameLog(site, model);
  });

  test('loses nothing when the broker is killed with -9 under traffic', async () => {
    const server = await broker();
    const { model } = await central(server);
    const site = node(server);
    const replication = site.replicate();
    await until(() => replication.status().state === 'live', replication.status.bind(replication));
    for (let round = 0; round < 20; round += 1) {
      await sell(site.ledger, 100);
      if (round === 5 || round === 12) await server.kill();
      if (round === 8 || round === 15) await server.restart();
      await systemClock.sleep(10);
    }
    await until(() => replication.status().applied === 2_000, replication.status.bind(replication));
    expectSameLog(site, model);
  });

  test('loses nothing when the stream is deleted and made again', async () => {
    const server = await broker();
    const { model, connection, recreate } = await central(server);
    const site = node(server);
    const replication = site.replicate();
    await until(() => replication.status().state === 'live', replication.status.bind(replication));
    await sell(site.ledger, 200);
    await (await connection.jetstreamManager()).streams.delete(UP_STREAM);
    await sell(site.ledger, 200);
    await until(() => replication.counters.publishFailures > 0, replication.status.bind(replication));
    await recreate();
    await sell(site.ledger, 200);
    await until(() => replication.status().applied === 600, replication.status.bind(replication));
    expectSameLog(site, model);
  });

  test('goes on where central stands when it is stopped and started anew', async () => {
    const server = await broker();
    const { model } = await central(server);
    const site = node(server);
    const first = site.replicate();
    const selling = sell(site.ledger, 1_500);
    await until(() => model.applied > 0, first.status.bind(first));
    await first.stop();
    expect(first.status().link).toBe('disconnected');
    await selling;
    await sell(site.ledger, 100);
    const second = site.replicate();
    await until(() => second.status().applied === 1_600, second.status.bind(second));
    expectSameLog(site, model);
  });

  test('knows of a broken link at once, without waiting for timeouts', async () => {
    const server = await broker();
    await central(server);
    const site = node(server);
    const replication = site.replicate();
    await until(() => replication.status().state === 'live', replication.status.bind(replication));
    server.pause();
    // On a busy machine it may take in some more before it stands: something is to be under way that it never answers.
    const isUnderWay = () => replication.status().sent > replication.status().brokerAcked;
    do await sell(site.ledger, 10);
    while (!isUnderWay());
    await server.kill();
    cleanUps.push(() => systemClock.sleep(100)); // The client cannot close a connection that is just breaking without an uncaught error.
    const failed = () => replication.counters.publishFailures > 0;
    await until(failed, replication.status.bind(replication), 1_000);
    const { link, sent, brokerAcked, backlog } = replication.status();
    expect([link, sent]).toEqual(['disconnected', brokerAcked]);
    expect(backlog).toBeGreaterThanOrEqual(10);
  });

  test('stops at once while there is no broker', async () => {
    const server = await broker();
    await server.kill();
    const replication = node(server).replicate();
    await systemClock.sleep(100);
    const stoppedAt = systemClock.monotonicMs();
    await replication.stop();
    expect(systemClock.monotonicMs() - stoppedAt).toBeLessThan(1_000);
  });

  test('needs no permission beyond its own subjects and its own inbox', async () => {
    const own =
      '"edgestock.v1.up.*.BER1", "edgestock.v1.state.*.BER1", "edgestock.v1.heartbeat.BER1", "edgestock.v1.enrol.BER1"';
    const server = await broker(`authorization { users = [
      { user: central, password: secret }
      { user: BER1, password: secret, permissions: { publish: [${own}], subscribe: ["_INBOX_BER1.>"] } }
    ] }`);
    const { model } = await central(server, { kind: 'password', user: 'central', password: 'secret' });
    const site = node(server, { kind: 'password', user: 'BER1', password: 'secret' });
    await sell(site.ledger, 3_000);
    const replication = site.replicate();
    await until(() => replication.status().applied === 3_000, replication.status.bind(replication));
    expect(model.arrivals[0]).toBe('state');
    expectSameLog(site, model);
  });
});
