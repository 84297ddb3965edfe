import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnrolReply, HeartbeatReply, HeartbeatRequest } from '@edgestock/shared/protocol/control';
import {
  enrolSubject,
  heartbeatSubject,
  stateSubject,
  UP_STREAM,
  upSubject,
} from '@edgestock/shared/protocol/subjects';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import type { NatsConnection } from 'nats';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { type OpenReader, openCentralReader } from '../store/sqlite/open-central-store.ts';
import { NodeLog, skuOf } from '../testing/node-log.ts';
import { Writer } from './writer.ts';

const SOON = { timeout: 15_000, interval: 20 };
const retryDelayMs = { min: 20, max: 100 };
const runtime = { clock: systemClock, random: systemRandom, log: silentLog };
/** Nothing lasting fails here. */
const rethrown = (error: Error) => {
  throw error;
};

let broker: NatsServer;
let directory: string;
let writer: Writer;
let connection: NatsConnection;
let open: OpenReader;

beforeEach(async () => {
  broker = await startNatsServer();
  directory = await mkdtemp(join(tmpdir(), 'edgestock-ingest-'));
  writer = new Writer(config(), {
    ...runtime,
    onLasting: rethrown,
    onDamaged: (reason) => rethrown(new Error(reason)),
  });
  await writer.ready;
  open = openCentralReader(config().store.path);
  connection = await connectForEver({ url: broker.url, name: 'test node', retryDelayMs, ...runtime });
});

afterEach(async () => {
  await writer.stop();
  open.close();
  await connection.close();
  await broker.stop();
  await rm(directory, { recursive: true });
});

function config() {
  return {
    natsUrls: [broker.url],
    store: { kind: 'sqlite' as const, path: join(directory, 'central.db') },
    logLevel: 'silent' as const,
    idleHeartbeatMs: 500,
    retryDelayMs,
  };
}

/** Repeats a request until it is answered: the broker, the stream or central may not be there yet. */
async function ask<Reply>(subject: string, body: object): Promise<Reply> {
  for (;;) {
    try {
      const reply = await connection.request(subject, JSON.stringify(body), { timeout: 1_000 });
      return reply.json<Reply>();
    } catch {
      await systemClock.sleep(50);
    }
  }
}

const enrol = (log: NodeLog) => ask<EnrolReply>(enrolSubject(log.warehouse), log.enrolRequest());
const beat = (log: NodeLog, change?: Partial<HeartbeatRequest>) =>
  ask<HeartbeatReply>(heartbeatSubject(log.warehouse), log.heartbeatRequest(change));

async function publish(subject: string, bytes: Uint8Array): Promise<void> {
  for (;;) {
    try {
      await connection.jetstream().publish(subject, bytes, { timeout: 1_000 });
      return;
    } catch {
      await systemClock.sleep(50);
    }
  }
}

const send = (log: NodeLog, first: number, last: number) => publish(upSubject(log.warehouse), log.bytes(first, last));

async function enrolled(id: string): Promise<NodeLog> {
  const log = new NodeLog(id);
  expect(await enrol(log)).toMatchObject({ outcome: 'enrolled', epoch: 1 });
  return log;
}

const available = async (sku: string) => (await open.reader.availability(skuOf(sku), DEFAULT_CHANNEL)).available;
const appliedUpTo = async (log: NodeLog) => (await open.reader.warehouse(log.warehouse))?.appliedUpTo ?? 0;

/** Does what a node does: beats, and sends again what central needs, until all of its log is applied. */
async function converge(log: NodeLog): Promise<void> {
  for (;;) {
    const { applied, need } = await beat(log);
    if (applied === log.head) return;
    if (need !== undefined)
      for (let first = need; first <= log.head; first += 10) await send(log, first, Math.min(log.head, first + 9));
  }
}

it('makes a sale of a node visible, and acknowledges it in the heartbeat that waits for it', async () => {
  const log = await enrolled('BER1');
  await expect.poll(() => writer.isRunning).toBe(true);
  const notices: string[] = [];
  writer.onChange((changes) => notices.push(...changes.map(({ sku }) => sku)));
  log.record('A', 5);
  await send(log, 1, 1);
  await expect.poll(() => available('A'), SOON).toBe(5);
  log.record('A', -1);
  const [reply] = await Promise.all([beat(log), send(log, 2, 2)]);
  expect(reply).toMatchObject({ applied: 2, hash: log.place().hash, window: 16_000 });
  expect(reply.need).toBeUndefined();
  expect(await available('A')).toBe(4);
  await expect.poll(() => notices, SOON).toEqual(['A', 'A']);
});

it('answers at once when there is something to tell, and holds the answer a moment when there is not', async () => {
  const log = await enrolled('BER1');
  for (let units = 1; units <= 3; units += 1) log.record('A', units);
  await beat(log, { sent: 0 });
  const started = systemClock.monotonicMs();
  expect(await beat(log)).toMatchObject({ applied: 0 });
  expect(systemClock.monotonicMs() - started).toBeGreaterThan(150);
  await send(log, 2, 3);
  await expect.poll(async () => (await beat(log)).need, SOON).toBe(1);
  await send(log, 1, 3);
  await expect.poll(() => appliedUpTo(log), SOON).toBe(3);
  expect((await beat(log)).need).toBeUndefined();
});

it('takes states before history, and both lanes come to the same', async () => {
  const log = await enrolled('BER1');
  for (let index = 0; index < 50; index += 1) log.record(index % 2 === 0 ? 'A' : 'B', index);
  await publish(stateSubject(log.warehouse), log.stateBytes());
  await expect.poll(() => available('A'), SOON).toBe(600);
  expect(await appliedUpTo(log)).toBe(0);
  await send(log, 1, 50);
  await expect.poll(() => appliedUpTo(log), SOON).toBe(50);
  expect(await available('A')).toBe(600);
  expect(await available('B')).toBe(625);
});

it('asks again for what it cannot read, and keeps it after the third time', async () => {
  const log = await enrolled('BER1');
  log.record('A', 5);
  const damaged = Buffer.from(log.bytes(1, 1));
  damaged[20] = (damaged[20] ?? 0) ^ 1;
  for (let times = 0; times < 3; times += 1) {
    expect(await open.reader.quarantined({ limit: 10 })).toEqual([]);
    await publish(upSubject(log.warehouse), damaged);
    await expect.poll(() => writer.metrics.ingest.messagesRejected, SOON).toBe(times + 1);
  }
  await expect.poll(() => open.reader.quarantined({ limit: 10 }), SOON).toMatchObject([{ reason: 'opaque' }]);
  await expect.poll(async () => (await beat(log)).need, SOON).toBe(1);
  await converge(log);
  expect(await available('A')).toBe(5);
});

it('asks for the state of a SKU whose delta it could not apply, and is sure of it again when it comes', async () => {
  const log = await enrolled('BER1');
  log.record('A', 5);
  log.record('A', -2, { kind: 99 });
  const isSuspect = async () => {
    const { warehouses } = await open.reader.availability(skuOf('A'), DEFAULT_CHANNEL);
    return warehouses.map((share) => [share.onHand, share.isSuspect]);
  };
  const [reply] = await Promise.all([beat(log), send(log, 1, 2)]);
  expect(await isSuspect()).toEqual([[5, true]]);
  expect(reply).toMatchObject({ applied: 2, wanted: ['A'] });
  expect(await beat(log)).not.toHaveProperty('wanted');
  await publish(stateSubject(log.warehouse), log.stateBytes([skuOf('A')]));
  await expect.poll(isSuspect, SOON).toEqual([[3, false]]);
});

it('does not take one warehouse for another', async () => {
  const log = await enrolled('BER1');
  const victim = await enrolled('HAM1');
  log.record('A', 5);
  await publish(upSubject(victim.warehouse), log.bytes(1, 1));
  await expect.poll(() => writer.metrics.ingest.messagesRejected, SOON).toBe(1);
  expect(await available('A')).toBe(0);
});

it('fences a clone, and tells it so', async () => {
  const log = await enrolled('BER1');
  const clone = log.fork();
  log.record('A', 5);
  clone.record('A', 9);
  await send(log, 1, 1);
  await expect.poll(() => appliedUpTo(log), SOON).toBe(1);
  expect((await beat(clone)).fence).toMatchObject({ epoch: 1 });
  expect((await beat(log)).fence).toBeUndefined();
  await send(clone, 1, 1);
  await expect.poll(async () => (await beat(log)).fence?.reason, SOON).toContain('another history');
  expect(await available('A')).toBe(5);
});

it('goes on after the broker was killed with -9 and restarted', async () => {
  const log = await enrolled('BER1');
  log.record('A', 1);
  await send(log, 1, 1);
  await expect.poll(() => appliedUpTo(log), SOON).toBe(1);
  await broker.kill();
  for (let index = 0; index < 30; index += 1) log.record('A', 1);
  await broker.restart();
  await send(log, 2, 31);
  await expect.poll(() => available('A'), SOON).toBe(31);
});

it('makes the stream again when it was deleted, and the nodes send what was in it', async () => {
  const log = await enrolled('BER1');
  for (let index = 0; index < 20; index += 1) log.record('A', 1);
  await send(log, 1, 10);
  await expect.poll(() => appliedUpTo(log), SOON).toBe(10);
  const manager = await connection.jetstreamManager();
  await manager.streams.delete(UP_STREAM);
  await converge(log);
  expect(await available('A')).toBe(20);
});

it('makes a consumer again when it was deleted', async () => {
  const log = await enrolled('BER1');
  log.record('A', 1);
  await send(log, 1, 1);
  await expect.poll(() => appliedUpTo(log), SOON).toBe(1);
  const manager = await connection.jetstreamManager();
  for await (const { name } of manager.consumers.list(UP_STREAM)) await manager.consumers.delete(UP_STREAM, name);
  log.record('A', 1);
  await send(log, 2, 2);
  await expect.poll(() => available('A'), SOON).toBe(2);
});

it('loses and doubles nothing when its thread dies again and again in the middle of traffic', async () => {
  const logs = await Promise.all(['BER1', 'HAM1', 'MUC1'].map(enrolled));
  let isDone = false;
  const crashes = (async () => {
    for (let times = 0; times < 3; times += 1) {
      await systemClock.sleep(150);
      await writer.crash();
      await expect.poll(() => writer.isRunning, SOON).toBe(true);
    }
    isDone = true;
  })();
  await Promise.all(
    logs.map(async (log) => {
      while (!isDone) {
        const first = log.head + 1;
        for (let index = 0; index < 20; index += 1) log.record(`S${index % 7}`, index);
        await send(log, first, log.head);
      }
      await converge(log);
    }),
  );
  await crashes;
  expect(writer.restarts).toBe(3);
  for (const log of logs) {
    const positions = await open.reader.positionsOf(log.warehouse, undefined, 100);
    const known = new Map(
      positions.map(({ sku, warehouse: _w, isSuspect: _s, atCentral: _a, incoming: _i, ...position }) => [
        sku,
        position,
      ]),
    );
    expect(known).toEqual(new Map(log.positions));
    for (const sku of log.positions.keys()) {
      const history = await open.reader.history(log.warehouse, sku, { limit: 100_000 });
      expect(history).toHaveLength(log.positions.get(sku)?.version ?? 0);
    }
  }
});

it('recognises what it has committed but not acknowledged', async () => {
  const log = await enrolled('BER1');
  log.record('A', 5);
  await send(log, 1, 1);
  await expect.poll(() => appliedUpTo(log), SOON).toBe(1);
  // A crash between commit and acknowledgement looks like this to the next life: the same message once more.
  await send(log, 1, 1);
  await expect.poll(() => writer.metrics.ingest.batchesDuplicate, SOON).toBe(1);
  expect(await available('A')).toBe(5);
  const manager = await connection.jetstreamManager();
  await expect.poll(async () => (await manager.streams.info(UP_STREAM)).state.consumer_count, SOON).toBe(16);
  for await (const { num_ack_pending } of manager.consumers.list(UP_STREAM)) expect(num_ack_pending).toBe(0);
});

it('writes down what it heard, and takes a node back in that it has forgotten', async () => {
  const log = new NodeLog('BER1', { epoch: 3 });
  log.record('A', 5);
  const reply = await beat(log, { applied: 1, clock: systemClock.now() + 60_000 });
  expect(reply).toMatchObject({ applied: 0, need: 1 });
  await expect.poll(async () => (await open.reader.warehouse(log.warehouse))?.heard?.committed, SOON).toBe(1);
  const skewMs = (await open.reader.warehouse(log.warehouse))?.heard?.skewMs ?? 0;
  expect(Math.abs(skewMs - 60_000)).toBeLessThan(5_000);
  await converge(log);
  expect(await available('A')).toBe(5);
});
