import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import type { NatsConnection } from 'nats';
import { expect, test } from 'vitest';
import { JetStreamDown } from './jetstream-down.ts';
import { replicationLimits as limits } from './limits.ts';

/** What `consume` gives: ends when it is stopped, or with the error of a consumer that has gone. */
class Reading {
  readonly #ended = Promise.withResolvers<void>();
  isOver = false;

  stop(): void {
    this.isOver = true;
    this.#ended.resolve();
  }

  fail(error: Error): void {
    this.isOver = true;
    this.#ended.reject(error);
  }

  async *[Symbol.asyncIterator]() {
    yield* [];
    await this.#ended.promise;
  }
}

/** A reader on a client that the test answers for. What it does on a real broker is in replication-down.nats.test.ts. */
function reader() {
  const clock = new VirtualClock();
  const readings: Reading[] = [];
  const client = {
    looks: 0,
    find: async (): Promise<void> => undefined,
    begin: async (): Promise<void> => undefined,
  };
  const consume = async () => {
    const reading = new Reading();
    readings.push(reading);
    await client.begin();
    return reading;
  };
  const get = async () => {
    client.looks += 1;
    await client.find();
    return { consume };
  };
  const connection = { jetstream: () => ({ consumers: { get } }) } as unknown as NatsConnection;
  const down = new JetStreamDown({
    warehouse: 'BER1' as WarehouseId,
    connection,
    listener: () => undefined,
    clock,
    random: seededRandom(1),
    log: silentLog,
  });
  const open = () => readings.filter(({ isOver }) => !isOver).length;
  return { clock, client, connection, down, readings, open };
}

test('every broken link ends the reading, and the next one begins it anew: once', async () => {
  const { clock, connection, down, readings, open } = reader();
  await clock.settle();
  expect(open()).toBe(1);
  down.follow(undefined);
  await clock.advance(60_000);
  expect([readings.length, open()]).toEqual([1, 0]);
  for (let link = 0; link < 3; link += 1) {
    down.follow(connection);
    await clock.advance(100);
    expect([readings.length, open()]).toEqual([link + 2, 1]);
  }
  await down.stop();
  expect(open()).toBe(0);
});

test.each(['find', 'begin'] as const)('what takes until after the link has broken (%s) is not read', async (step) => {
  const { clock, client, connection, down, open } = reader();
  await clock.settle();
  const done = Promise.withResolvers<void>();
  client[step] = () => done.promise;
  down.follow(connection);
  await clock.settle();
  client[step] = async () => undefined;
  down.follow(connection);
  await clock.settle();
  done.resolve();
  await clock.advance(60_000);
  expect(open()).toBe(1);
  await down.stop();
});

test('a consumer that is missing, or goes, is looked for again for ever, ever less often', async () => {
  const { clock, client, down, readings, open } = reader();
  await clock.settle();
  client.find = async () => {
    throw new Error('consumer not found');
  };
  readings[0]?.fail(new Error('consumer deleted'));
  client.looks = 0;
  await clock.advance(3_600_000);
  expect(client.looks).toBeGreaterThan(3_600_000 / limits.downRetryMsMax);
  expect(client.looks).toBeLessThan(3_600_000 / 1_000);
  client.find = async () => undefined;
  await clock.advance(limits.downRetryMsMax);
  expect(open()).toBe(1);
  await down.stop();
});
