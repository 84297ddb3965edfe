import { laneConsumer, UP_STREAM, upStreamSubjects, upSubject } from '@edgestock/shared/protocol/subjects';
import { SHARD_COUNT } from '@edgestock/shared/protocol/version';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import type { JetStreamManager, NatsConnection } from 'nats';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { NodeLog } from '../testing/node-log.ts';
import { JetStreamSource } from './jetstream-source.ts';
import { ensureConsumer, ensureStream, isConsumerAheadOfStream, streamLimits } from './jetstream-stream.ts';
import type { StreamFailure } from './stream-failure.ts';

const owner = { store: 'c0ffee', place: 'a test' };
let broker: NatsServer;
let connection: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  broker = await startNatsServer();
  connection = await connectForEver({
    url: broker.url,
    name: 'test',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  manager = await connection.jetstreamManager();
});
afterEach(() => manager.streams.delete(UP_STREAM));
afterAll(async () => {
  await connection.close();
  await broker.stop();
});

it('makes the stream once, and brings one with other settings to these', async () => {
  await manager.streams.add({ name: UP_STREAM, subjects: upStreamSubjects.slice(0, 1), max_bytes: 1_000_000 });
  expect(await ensureStream(manager, owner)).toBe(false);
  expect((await manager.streams.info(UP_STREAM)).config).toMatchObject({
    subjects: upStreamSubjects,
    max_bytes: streamLimits.bytesMax,
    discard: 'new',
    discard_new_per_subject: true,
    max_msg_size: 512 * 1024,
  });
  await manager.streams.delete(UP_STREAM);
  expect(await ensureStream(manager, owner)).toBe(true);
  expect(await ensureStream(manager, owner)).toBe(false);
});

it('makes a consumer once, and brings one with other settings to these', async () => {
  await ensureStream(manager, owner);
  await ensureConsumer(manager, 'up', 3);
  await manager.consumers.update(UP_STREAM, laneConsumer('up', 3), { max_ack_pending: 7, max_deliver: 2 });
  await ensureConsumer(manager, 'up', 3);
  expect((await manager.consumers.info(UP_STREAM, laneConsumer('up', 3))).config).toMatchObject({
    max_ack_pending: streamLimits.ackPendingMax,
    max_deliver: -1,
    ack_policy: 'explicit',
  });
});

it('refuses a message that is too long, and one too many of a node, so that the node sees it', async () => {
  await ensureStream(manager, owner);
  const subject = upSubject(new NodeLog('BER1').warehouse);
  const publish = (bytes: Uint8Array) => connection.jetstream().publish(subject, bytes);
  await expect(publish(new Uint8Array(513 * 1024))).rejects.toThrow(/exceeds/);
  await manager.streams.update(UP_STREAM, { max_msgs_per_subject: 2 });
  await publish(new Uint8Array(1));
  await publish(new Uint8Array(1));
  await expect(publish(new Uint8Array(1))).rejects.toThrow('503');
  // Refused, not swallowed: the first two are still there.
  expect((await manager.streams.info(UP_STREAM)).state.messages).toBe(2);
});

it('sees a consumer that waits for sequences its stream does not have', async () => {
  await ensureStream(manager, owner);
  const log = new NodeLog('BER1');
  const [lane, shard] = ['up', Number(upSubject(log.warehouse).split('.')[3])] as const;
  await ensureConsumer(manager, lane, shard);
  await connection.jetstream().publish(upSubject(log.warehouse), 'one');
  expect(await isConsumerAheadOfStream(manager, lane, shard)).toBe(false);
  const consumer = await connection.jetstream().consumers.get(UP_STREAM, laneConsumer(lane, shard));
  await (await consumer.next({ expires: 2_000 }))?.ackAck();
  // The stream's own count goes on after a purge, so that damage has to be played: a stream that says it ends earlier.
  const damaged: JetStreamManager = Object.assign(Object.create(manager), {
    streams: Object.assign(Object.create(manager.streams), {
      info: async () => ({ ...(await manager.streams.info(UP_STREAM)), state: { last_seq: 0 } }),
    }),
  });
  expect(await isConsumerAheadOfStream(damaged, lane, shard)).toBe(true);
});

it('is made, and told, once by all the lanes that begin together', async () => {
  const told: string[] = [];
  const log = { ...silentLog, info: (_: object, event: string) => void told.push(event) };
  const source = new JetStreamSource({
    ...{ connection, owner },
    listener: {
      accept: async () => undefined,
      enrol: async () => undefined,
      heartbeat: async () => undefined,
      lastUnits: async () => undefined,
      rejoin: async () => undefined,
      snapshot: async () => undefined,
      interrupted: () => undefined,
    },
    clock: systemClock,
    random: systemRandom,
    log,
  });
  const lanes = async () =>
    (
      await manager.consumers
        .list(UP_STREAM)
        .next()
        .catch(() => [])
    ).length;
  await expect.poll(lanes, { timeout: 10_000 }).toBe(2 * SHARD_COUNT);
  await source.stop();
  expect(told).toEqual(['stream made']);
});

it('tells once, and not from every lane, that the broker has no room for the stream, and when it has', async () => {
  await manager.streams.add({ name: 'OTHER', subjects: ['other'], max_bytes: streamLimits.bytesMax * 1.5 });
  const logged: string[] = [];
  const log = { ...silentLog };
  for (const level of ['info', 'warn', 'error'] as const) {
    log[level] = (_: object, event?: string) => void logged.push(`${level} ${event}`);
  }
  const told: (StreamFailure | undefined)[] = [];
  const listener = {
    accept: async () => undefined,
    enrol: async () => undefined,
    heartbeat: async () => undefined,
    lastUnits: async () => undefined,
    rejoin: async () => undefined,
    snapshot: async () => undefined,
    interrupted: () => undefined,
  };
  const onStream = (failure: StreamFailure | undefined) => void told.push(failure);
  const source = new JetStreamSource({
    ...{ connection, owner },
    listener,
    clock: systemClock,
    random: systemRandom,
    log,
    onStream,
  });
  await systemClock.sleep(1_500);
  await manager.streams.delete('OTHER');
  await expect.poll(() => told.length, { timeout: 10_000 }).toBe(2);
  await source.stop();
  expect(told[0]).toMatchObject({
    reason: expect.stringContaining('insufficient'),
    hint: expect.stringContaining('1024 MiB'),
  });
  expect(told[1]).toBeUndefined();
  expect(logged).toEqual(['error the stream cannot be made', 'info stream made']);
});
