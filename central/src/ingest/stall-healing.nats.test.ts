import { laneConsumer, shardOf, UP_STREAM, upSubject } from '@edgestock/shared/protocol/subjects';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import type { JetStreamManager, NatsConnection } from 'nats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { warehouseOf } from '../testing/node-log.ts';
import { emptyIngestMetrics } from './ingest-metrics.ts';
import { JetStreamSource } from './jetstream-source.ts';
import { streamLimits } from './jetstream-stream.ts';
import { StallHealer } from './stall-healer.ts';
import type { StreamFailure } from './stream-failure.ts';

const warehouse = warehouseOf('BER1');
const shard = shardOf(warehouse);
const subject = upSubject(warehouse);
const HEALED_WITHIN_MS = 25_000;

const owner = { store: 'c0ffee', place: 'a test' };
let broker: NatsServer;
let connection: NatsConnection;
let manager: JetStreamManager;
let source: JetStreamSource;
let healer: StallHealer;
let clock: VirtualClock;
let metrics: ReturnType<typeof emptyIngestMetrics>;
let told: (StreamFailure | undefined)[];
/** What came of trying the shard. */
let probed: string[];
let arrived: string[];
/** What the node has not been told of, and sends again whenever somebody asks for it. */
let unapplied: string | undefined;
/** It may not publish. */
let isMute: boolean;

beforeEach(async () => {
  broker = await startNatsServer();
  connection = await connectForEver({
    url: broker.url,
    name: 'test',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  manager = await connection.jetstreamManager();
  clock = new VirtualClock();
  metrics = emptyIngestMetrics();
  told = [];
  probed = [];
  arrived = [];
  unapplied = undefined;
  isMute = false;
  source = new JetStreamSource({
    ...{ connection, owner },
    listener: {
      accept: async ({ bytes, acknowledge }) => {
        const text = Buffer.from(bytes).toString();
        arrived.push(text);
        if (text === unapplied) unapplied = undefined;
        acknowledge();
      },
      enrol: async () => undefined,
      heartbeat: async () => undefined,
      lastUnits: async () => undefined,
      rejoin: async () => undefined,
      snapshot: async () => undefined,
      interrupted: () => void sentAgain(),
    },
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    idleHeartbeatMs: 500,
  });
  healer = new StallHealer({
    watch: {
      stalls: () =>
        unapplied === undefined ? [] : [{ warehouse, appliedUpTo: 0, stalledMs: centralLimits.stalledAfterMs }],
      isMoving: () => false,
      dropped: () => void sentAgain(),
    },
    repairs: source.repairs,
    metrics,
    onStuck: (failure) => void told.push(failure),
    clock,
    log: {
      ...silentLog,
      warn: (facts: object, event?: string) => void ('warehouses' in facts && probed.push(event ?? '')),
      error: (facts: object, event?: string) => void ('warehouses' in facts && probed.push(event ?? '')),
    },
  });
  await published('first');
  await expect.poll(() => arrived, { timeout: 10_000 }).toEqual(['first']);
});
afterEach(async () => {
  await healer.stop();
  await source.stop();
  await connection.close();
  await broker.stop();
});

/** Until the stream is there, as a node does it. */
async function published(text: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    try {
      await connection.jetstream().publish(subject, text, { timeout: 1_000 });
      return;
    } catch {
      await systemClock.sleep(50);
    }
  }
}

function sentAgain(): Promise<void> {
  return unapplied === undefined || isMute ? Promise.resolve() : published(unapplied);
}

/** The node stands still from now on; its time is the healer's. */
async function healed(text: string): Promise<void> {
  unapplied = text;
  const givesUpAtMs = systemClock.monotonicMs() + HEALED_WITHIN_MS;
  while (unapplied !== undefined && systemClock.monotonicMs() < givesUpAtMs) {
    await clock.advance(centralLimits.stallCheckPeriodMs);
    await systemClock.sleep(100);
  }
  expect(unapplied).toBeUndefined();
}

/** For sources of their own; nothing comes of it. */
const deafListener = {
  accept: async () => undefined,
  enrol: async () => undefined,
  heartbeat: async () => undefined,
  lastUnits: async () => undefined,
  rejoin: async () => undefined,
  snapshot: async () => undefined,
  interrupted: () => undefined,
};

describe('a broker that holds the link and answers nothing', () => {
  it('is told with what a person should do, and again when it answers', async () => {
    const itsTime = new VirtualClock();
    const frozen = new JetStreamSource({
      ...{ connection, owner, random: systemRandom, log: silentLog, clock: itsTime, idleHeartbeatMs: 500 },
      listener: deafListener,
      onStream: (failure) => void told.push(failure),
    });
    /** Until it is so; its lanes are looked at all the time. */
    const untilTold = async (times: number) => {
      const givesUpAtMs = systemClock.monotonicMs() + HEALED_WITHIN_MS;
      while (told.length < times && systemClock.monotonicMs() < givesUpAtMs) {
        await itsTime.advance(centralLimits.laneCheckPeriodMs);
        await systemClock.sleep(1_000);
      }
    };
    await itsTime.advance(centralLimits.laneCheckPeriodMs);
    await systemClock.sleep(500);
    expect(told).toEqual([]);
    broker.pause();
    await untilTold(1);
    broker.resume();
    expect(told).toMatchObject([{ state: 'stream-stuck', hint: expect.stringMatching(/^Restart nats-server/) }]);
    await untilTold(2);
    expect(told).toHaveLength(2);
    expect(told[1]).toBeUndefined();
    await frozen.stop();
  });
});

describe('a node whose messages do not arrive', () => {
  it('because its subject is full at the broker, gets room there', async () => {
    await manager.streams.update(UP_STREAM, { max_msgs_per_subject: 1 });
    await expect(connection.jetstream().publish(subject, 'second')).rejects.toThrow('503');
    await healed('second');
    expect(metrics).toMatchObject({ subjectsPurged: 1, consumersRemade: 0, streamsRemade: 0 });
  });

  it('because the broker takes them and hands them to nobody, gets a consumer that does', async () => {
    await manager.consumers.update(UP_STREAM, laneConsumer('up', shard), {
      filter_subject: `edgestock.v1.up.${shard}.nobody`,
    });
    await published('second');
    await healed('second');
    expect(metrics).toMatchObject({ subjectsPurged: 1, consumersRemade: 1, streamsRemade: 0 });
    await published('third');
    await expect.poll(() => arrived, { timeout: 10_000 }).toContain('third');
  });

  it('because the stream takes nothing, nor lets itself be emptied, gets a stream that does', async () => {
    // What the broker answers to is more than what the client's types have.
    const sealing: object = { sealed: true };
    await manager.streams.update(UP_STREAM, sealing);
    await expect(connection.jetstream().publish(subject, 'second')).rejects.toThrow();
    await healed('second');
    expect(metrics).toMatchObject({ subjectsPurged: 0, streamsRemade: 1 });
    expect((await manager.streams.info(UP_STREAM)).config).toMatchObject({
      sealed: false,
      max_bytes: streamLimits.bytesMax,
    });
    expect(told).toEqual([]);
  });

  it('though the broker works, is no reason to touch what others have sent', async () => {
    const { created } = await manager.streams.info(UP_STREAM);
    unapplied = 'never sent';
    isMute = true;
    const givesUpAtMs = systemClock.monotonicMs() + HEALED_WITHIN_MS;
    while (probed.length === 0 && systemClock.monotonicMs() < givesUpAtMs) {
      await clock.advance(centralLimits.stallCheckPeriodMs);
      await systemClock.sleep(100);
    }
    expect(probed).toEqual(['nodes stand still, and the broker works']);
    expect(metrics).toMatchObject({ subjectsPurged: 1, consumersRemade: 0, streamsRemade: 0 });
    expect((await manager.streams.info(UP_STREAM)).created).toEqual(created);
    expect(told).toEqual([]);
  });
});
