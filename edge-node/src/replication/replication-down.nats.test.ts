import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { DOWN_STREAM, downConsumer, downStreamSubjects, downSubject } from '@edgestock/shared/protocol/subjects';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { type BrokerCredentials, connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import { AckPolicy, DiscardPolicy, type NatsConnection, nanos } from 'nats';
import { afterEach, describe, expect, test } from 'vitest';
import { InMemoryInbox } from '../testing/in-memory-inbox.ts';
import { InMemoryLog } from '../testing/in-memory-log.ts';
import { ModelCentral } from '../testing/model-central.ts';
import { JetStreamLink } from './jetstream-link.ts';
import { replicationLimits as limits } from './limits.ts';
import type { Replication } from './replication.ts';
import { startReplication } from './start-replication.ts';

/** The twin of replication-down-faults.test.ts on a real broker: what the simulation assumes of it holds. */
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const common = { clock: systemClock, random: systemRandom, log: silentLog, retryDelayMs: { min: 20, max: 60 } };
const warehouse = 'BER1' as WarehouseId;
/** Sooner than two missed heartbeats of the broker would show that a consumer has gone. */
const SOON_MS = 2 * limits.downIdleHeartbeatMs - 2_000;

async function broker(config?: string): Promise<NatsServer> {
  const server = await startNatsServer(config === undefined ? {} : { config });
  cleanUps.push(() => server.stop());
  return server;
}

/** The books of one node, and replication on them, as often as it is started. */
function node(server: NatsServer, credentials?: BrokerCredentials) {
  const log = new InMemoryLog({ warehouse, clock: systemClock });
  const inbox = new InMemoryInbox(systemClock);
  const replicate = () => {
    const replication = startReplication({
      ...common,
      outbox: log,
      ledger: log,
      inbox,
      natsUrl: server.url,
      ...(credentials === undefined ? {} : { credentials }),
    });
    cleanUps.push(() => replication.stop());
    return replication;
  };
  return { log, inbox, replicate };
}

/** The model of central: answers the node, and publishes its log down; the stream and the consumer are made by the test. */
async function central(server: NatsServer, credentials?: BrokerCredentials) {
  const model = new ModelCentral(systemClock);
  const connection = await connectForEver({
    ...common,
    url: server.url,
    name: 'model central',
    ...(credentials === undefined ? {} : { credentials }),
  });
  cleanUps.push(() => connection.close());
  for (const subject of ['enrol', 'heartbeat', 'last-units']) {
    connection.subscribe(`edgestock.v1.${subject}.*`, {
      callback: (_error, message) => {
        void model.answer(message.subject, message.json()).then((reply) => message.respond(JSON.stringify(reply)));
      },
    });
  }
  // A publish that fails is repeated by a resend, as central's are.
  model.directives.send = (bytes, msgID) => {
    connection
      .jetstream()
      .publish(downSubject(warehouse), bytes, { msgID, timeout: 1_000 })
      .catch(() => undefined);
  };
  return { model, connection };
}

async function makeStream(connection: NatsConnection): Promise<void> {
  const manager = await connection.jetstreamManager();
  await manager.streams.add({ name: DOWN_STREAM, subjects: downStreamSubjects, discard: DiscardPolicy.New });
}

async function makeConsumer(connection: NatsConnection): Promise<void> {
  const manager = await connection.jetstreamManager();
  await manager.consumers.add(DOWN_STREAM, {
    durable_name: downConsumer(warehouse),
    filter_subject: downSubject(warehouse),
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(2_000),
    max_ack_pending: 256,
  });
}

async function consumerInfo(connection: NatsConnection) {
  const manager = await connection.jetstreamManager();
  return manager.consumers.info(DOWN_STREAM, downConsumer(warehouse));
}

/** Central appends some directives every few milliseconds, until it is told to stop. */
function directing(model: ModelCentral): () => Promise<void> {
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      direct(model, 7);
      await systemClock.sleep(15);
    }
  })();
  return () => {
    isOver = true;
    return running;
  };
}

function direct({ directives }: ModelCentral, count: number): void {
  const from = directives.log.length;
  directives.append(...Array.from({ length: count }, (_, at) => Buffer.from(`directive ${from + at}`)));
}

async function until(isTrue: () => boolean, what: () => unknown, withinMs = 15_000): Promise<void> {
  const deadline = systemClock.monotonicMs() + withinMs;
  while (!isTrue()) {
    if (systemClock.monotonicMs() > deadline) expect.fail(`still not so: ${JSON.stringify(what())}`);
    await systemClock.sleep(5);
  }
}

/** Everything was carried out once and in order (the inbox refuses anything else), and central knows it. */
async function expectCarriedOut(
  inbox: InMemoryInbox,
  { directives }: ModelCentral,
  replication: Replication,
  withinMs = 30_000,
) {
  const facts = () => ({ ...replication.status(), ...replication.counters, of: directives.log.length });
  await until(() => directives.carriedOut === directives.log.length, facts, withinMs);
  expect(inbox.carriedOut.map(String)).toEqual(directives.log.map(String));
}

describe('the way down through a real broker', () => {
  test('brings a directive to the node, and the word back, in milliseconds', async () => {
    const server = await broker();
    const { model, connection } = await central(server);
    await makeStream(connection);
    await makeConsumer(connection);
    const { inbox, replicate } = node(server);
    const replication = replicate();
    await until(() => replication.isLive, replication.status.bind(replication));
    await systemClock.sleep(100);
    direct(model, 1);
    await until(() => model.directives.carriedOut === 1, replication.status.bind(replication), 250);
    await expectCarriedOut(inbox, model, replication);
    await systemClock.sleep(50);
    expect(await consumerInfo(connection)).toMatchObject({ num_ack_pending: 0, num_waiting: 1 });
  });

  test('opens by itself when central makes first the stream and then the consumer, later', async () => {
    const server = await broker();
    const { model, connection } = await central(server);
    const { inbox, replicate } = node(server);
    const replication = replicate();
    await until(() => replication.isLive, replication.status.bind(replication));
    await systemClock.sleep(500);
    await makeStream(connection);
    direct(model, 30);
    await systemClock.sleep(500);
    expect(inbox.carriedOut).toHaveLength(0);
    await makeConsumer(connection);
    await expectCarriedOut(inbox, model, replication);
  });

  test('loses nothing when the stream is deleted and made again', async () => {
    const server = await broker();
    const { model, connection } = await central(server);
    await makeStream(connection);
    await makeConsumer(connection);
    const { inbox, replicate } = node(server);
    const replication = replicate();
    await until(() => replication.isLive, replication.status.bind(replication));
    direct(model, 100);
    await until(() => inbox.carriedOut.length > 0, replication.status.bind(replication));
    await (await connection.jetstreamManager()).streams.delete(DOWN_STREAM);
    direct(model, 100);
    await systemClock.sleep(300);
    await makeStream(connection);
    await makeConsumer(connection);
    // The next one shows what the vanished stream has swallowed.
    direct(model, 100);
    await expectCarriedOut(inbox, model, replication, SOON_MS);
  });

  test('goes on when its consumer is deleted and made again, and everything comes once more', async () => {
    const server = await broker();
    const { model, connection } = await central(server);
    await makeStream(connection);
    await makeConsumer(connection);
    const { inbox, replicate } = node(server);
    const replication = replicate();
    await until(() => replication.isLive, replication.status.bind(replication));
    direct(model, 100);
    await expectCarriedOut(inbox, model, replication);
    await (await connection.jetstreamManager()).consumers.delete(DOWN_STREAM, downConsumer(warehouse));
    direct(model, 100);
    await systemClock.sleep(300);
    await makeConsumer(connection);
    await expectCarriedOut(inbox, model, replication, SOON_MS);
    expect(replication.counters.downDuplicates).toBeGreaterThan(0);
  });

  test('loses and doubles nothing when the broker is killed with -9 and started again under traffic, with one reader', async () => {
    const server = await broker();
    const { model, connection } = await central(server);
    await makeStream(connection);
    await makeConsumer(connection);
    const { inbox, replicate } = node(server);
    const replication = replicate();
    await until(() => replication.isLive, replication.status.bind(replication));
    const stop = directing(model);
    for (let round = 0; round < 3; round += 1) {
      await systemClock.sleep(200);
      await server.kill();
      await systemClock.sleep(100);
      await server.restart();
      const { length } = inbox.carriedOut;
      await until(() => inbox.carriedOut.length > length, replication.status.bind(replication), 20_000);
    }
    await stop();
    await expectCarriedOut(inbox, model, replication);
    const readers = new Set<string | undefined>();
    connection.subscribe(`$JS.API.CONSUMER.MSG.NEXT.${DOWN_STREAM}.>`, {
      callback: (_error, { reply }) => void readers.add(reply),
    });
    await connection.flush();
    direct(model, 2_000);
    await expectCarriedOut(inbox, model, replication);
    expect(readers.size).toBe(1);
  });

  test('goes on where the node stood when that is stopped and started anew', async () => {
    const server = await broker();
    const { model, connection } = await central(server);
    await makeStream(connection);
    await makeConsumer(connection);
    const { inbox, replicate } = node(server);
    inbox.carryOutMs = 5;
    const stop = directing(model);
    let replication = replicate();
    for (let start = 0; start < 4; start += 1) {
      const { length } = inbox.carriedOut;
      await until(() => inbox.carriedOut.length > length, replication.status.bind(replication), 20_000);
      await replication.stop();
      replication = replicate();
    }
    await stop();
    await expectCarriedOut(inbox, model, replication);
  });

  test('ends at once while nothing is there, and while something is', async () => {
    const server = await broker();
    const { model, connection } = await central(server);
    const { inbox, replicate } = node(server);
    const stopsAtOnce = async (replication: Replication) => {
      const stoppedAt = systemClock.monotonicMs();
      await replication.stop();
      expect(systemClock.monotonicMs() - stoppedAt).toBeLessThan(500);
    };
    const first = replicate();
    await until(() => first.isLive, first.status.bind(first));
    await systemClock.sleep(1_000);
    await stopsAtOnce(first);
    await makeStream(connection);
    await makeConsumer(connection);
    const second = replicate();
    direct(model, 1);
    await expectCarriedOut(inbox, model, second);
    await stopsAtOnce(second);
    await until(
      () => connection.isClosed() === false,
      () => undefined,
    );
    expect((await consumerInfo(connection)).num_waiting).toBe(0);
  });

  test('may be listened to before there is a connection, and again after nobody did', async () => {
    const server = await broker();
    await server.kill();
    const link = new JetStreamLink({
      ...common,
      url: server.url,
      name: 'edge BER1',
      warehouse,
      inboxPrefix: '_INBOX_BER1',
    });
    cleanUps.push(() => link.close());
    const heard: string[] = [];
    const listen = () =>
      link.onDown(({ bytes, acknowledge }) => {
        heard.push(Buffer.from(bytes).toString());
        acknowledge();
      });
    const unsubscribe = listen();
    await server.restart();
    const { connection } = await central(server);
    await makeStream(connection);
    await makeConsumer(connection);
    const jetstream = connection.jetstream();
    await jetstream.publish(downSubject(warehouse), 'one');
    await until(
      () => heard.length === 1,
      () => heard,
    );
    unsubscribe();
    await jetstream.publish(downSubject(warehouse), 'two');
    await systemClock.sleep(100);
    expect(heard).toEqual(['one']);
    listen();
    await until(
      () => heard.length === 2,
      () => heard,
      SOON_MS,
    );
    expect(heard).toEqual(['one', 'two']);
  });

  test('and last units need no permission beyond what is the node’s own', async () => {
    const own = ['up.*.BER1', 'state.*.BER1', 'heartbeat.BER1', 'enrol.BER1', 'last-units.BER1']
      .map((subject) => `"edgestock.v1.${subject}"`)
      .join(', ');
    const consumer = `${DOWN_STREAM}.${downConsumer(warehouse)}`;
    const down = `"$JS.API.CONSUMER.INFO.${consumer}", "$JS.API.CONSUMER.MSG.NEXT.${consumer}", "$JS.ACK.${consumer}.>"`;
    const server = await broker(`authorization { users = [
      { user: central, password: secret }
      { user: BER1, password: secret, permissions: { publish: [${own}, ${down}], subscribe: ["_INBOX_BER1.>"] } }
    ] }`);
    const { model, connection } = await central(server, { kind: 'password', user: 'central', password: 'secret' });
    await makeStream(connection);
    await makeConsumer(connection);
    const { inbox, replicate } = node(server, { kind: 'password', user: 'BER1', password: 'secret' });
    const replication = replicate();
    await until(() => replication.isLive, replication.status.bind(replication));
    direct(model, 500);
    await expectCarriedOut(inbox, model, replication);
    model.lastUnits.unspent.set('TEA', 3);
    await replication.askLastUnits([{ sku: 'TEA' as Sku, quantity: 2 }], 5_000);
    expect([...inbox.totals]).toEqual([['TEA', 2]]);
    await systemClock.sleep(50);
    expect(await consumerInfo(connection)).toMatchObject({ num_ack_pending: 0 });
  });
});
