import { DOWN_STREAM, downStreamSubjects, UP_STREAM, upStreamSubjects } from '@edgestock/shared/protocol/subjects';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { silentLog } from '@edgestock/shared/runtime/log';
import { systemRandom } from '@edgestock/shared/runtime/random';
import { type NatsServer, startNatsServer } from '@edgestock/shared/testing/nats-server';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { connectForEver } from '@edgestock/shared/transport/jetstream-connection';
import { claimStreams, StreamOfAnotherStore } from '@edgestock/shared/transport/jetstream-stream-owner';
import type { JetStreamManager, NatsConnection } from 'nats';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { JetStreamOwnership } from './jetstream-ownership.ts';
import { ensureStream } from './jetstream-stream.ts';

const one = { store: '0ne', place: '/srv/central/central.db on one.example' };
const other = { store: '0ther', place: 'postgres://db.example:5432/edgestock' };

let broker: NatsServer;
let connection: NatsConnection;
let manager: JetStreamManager;
// Each its own: a broker that makes a stream right after it has deleted one of that name may fail to.
beforeEach(async () => {
  broker = await startNatsServer();
  const runtime = { clock: systemClock, random: systemRandom, log: silentLog };
  connection = await connectForEver({ url: broker.url, name: 'test', ...runtime });
  manager = await connection.jetstreamManager();
});
afterEach(async () => {
  await connection.close();
  await broker.stop();
});

const marked = async () => (await manager.streams.info(UP_STREAM)).config.description;

describe('a stream', () => {
  it('is that of the store that made it, wherever that is now, and refuses another one', async () => {
    expect(await ensureStream(manager, one)).toBe(true);
    await expect(ensureStream(manager, other)).rejects.toThrow(StreamOfAnotherStore);
    expect(await ensureStream(manager, { ...one, place: other.place })).toBe(false);
    expect(await marked()).toBe(`Of the store 0ne of edgestock central: ${other.place}`);
  });

  it('of an earlier release, without a mark, becomes that of the first store that reads it', async () => {
    await manager.streams.add({ name: UP_STREAM, subjects: [...upStreamSubjects] });
    expect(await ensureStream(manager, one)).toBe(false);
    await expect(ensureStream(manager, other)).rejects.toThrow(one.place);
  });

  it('goes over to a store that comes in the place of the one that it names, and of no other', async () => {
    await ensureStream(manager, one);
    await expect(ensureStream(manager, { ...other, insteadOf: 'an0ther' })).rejects.toThrow('0ne');
    await ensureStream(manager, { ...other, insteadOf: '0ne' });
    await expect(ensureStream(manager, one)).rejects.toThrow(other.place);
  });

  it('that two stores make at the same moment is that of one of them', async () => {
    const made = await Promise.allSettled([one, other].map((owner) => ensureStream(manager, owner)));
    expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('a store that finds the broker', () => {
  let clock: VirtualClock;
  let told: Error[];
  let ownership: JetStreamOwnership;
  beforeEach(() => {
    clock = new VirtualClock();
    told = [];
    const onOther = (error: Error) => void told.push(error);
    ownership = new JetStreamOwnership({ connection, owner: one, clock, log: silentLog, onOther });
  });
  afterEach(() => ownership.stop());

  it('to be new, or its own, takes it', async () => {
    expect(await ownership.isOurs()).toBe(true);
    await ensureStream(manager, one);
    expect(await ownership.isOurs()).toBe(true);
    expect(told).toEqual([]);
  });

  it('to be that of another, whichever stream says so, tells it', async () => {
    const description = 'Of the store 0ther of edgestock central: elsewhere';
    await manager.streams.add({ name: DOWN_STREAM, subjects: [...downStreamSubjects], description });
    expect(await ownership.isOurs()).toBe(false);
    expect(told).toMatchObject([{ message: expect.stringContaining('elsewhere'), isLasting: true }]);
  });

  it('in whose place it comes, or of nobody, makes all of it its own at once', async () => {
    const description = 'Of the store 0ther of edgestock central: elsewhere';
    await manager.streams.add({ name: UP_STREAM, subjects: [...upStreamSubjects] });
    await manager.streams.add({ name: DOWN_STREAM, subjects: [...downStreamSubjects], description });
    await claimStreams(connection, [UP_STREAM, DOWN_STREAM], { ...one, insteadOf: '0ther' });
    for (const name of [UP_STREAM, DOWN_STREAM]) {
      const { config } = await manager.streams.info(name);
      expect(config.description).toBe('Of the store 0ne of edgestock central: /srv/central/central.db on one.example');
      expect(config.subjects).toEqual(name === UP_STREAM ? upStreamSubjects : downStreamSubjects);
    }
  });

  it('taken over while it reads tells it', async () => {
    await ensureStream(manager, one);
    await clock.advance(centralLimits.laneCheckPeriodMs);
    await ensureStream(manager, { ...other, insteadOf: '0ne' });
    await clock.advance(centralLimits.laneCheckPeriodMs);
    await expect.poll(() => told).toMatchObject([{ message: expect.stringContaining('0ther') }]);
  });
});
