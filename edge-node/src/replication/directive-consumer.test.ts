import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type Log, silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { expect, test } from 'vitest';
import { InMemoryInbox } from '../testing/in-memory-inbox.ts';
import { ModelDirectives } from '../testing/model-directives.ts';
import { SimulatedLink } from '../testing/simulated-link.ts';
import { newCounters } from './counters.ts';
import { DirectiveConsumer } from './directive-consumer.ts';
import { replicationLimits as limits } from './limits.ts';
import type { DownMessage } from './link.ts';

/** A consumer on a line that the test speaks into itself. What it does on a real line is in replication-down.test.ts. */
function consumer(events: Log = silentLog) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const inbox = new InMemoryInbox(clock);
  const farEnd = { deliver: () => undefined, answer: async () => undefined };
  const link = new SimulatedLink({ clock, random, farEnd });
  let listener: ((message: DownMessage) => void) | undefined;
  link.onDown = (taken) => {
    listener = taken;
    return () => undefined;
  };
  const directives = new DirectiveConsumer({
    inbox,
    link,
    warehouse: 'BER1' as WarehouseId,
    clock,
    random,
    events,
    counters: newCounters(),
    onChange: () => undefined,
  });
  directives.open();
  const acknowledged: string[] = [];
  const tell = (bytes: Uint8Array, name: string) =>
    listener?.({ bytes, acknowledge: () => void acknowledged.push(name) });
  const central = new ModelDirectives(clock);
  return { clock, inbox, directives, central, tell, acknowledged };
}

test('what comes while too much waits already is left to the broker, which offers it again', async () => {
  const { clock, inbox, central, tell, acknowledged } = consumer();
  inbox.carryOutMs = 1_000;
  central.append(Buffer.from('slow'));
  tell(central.batch(1, 1), 'slow');
  const half = Buffer.alloc(limits.waitingDownBytesMax / 2 - 1_000);
  for (const name of ['first half', 'second half', 'beyond']) tell(half, name);
  await clock.advance(2_000);
  expect(acknowledged).toEqual(['slow', 'first half', 'second half']);
  tell(half, 'again');
  await clock.advance(10);
  expect(acknowledged.at(-1)).toBe('again');
});

test('that central writes an epoch is told when it is another one, and is no news to a new node', async () => {
  const told: string[] = [];
  const { clock, directives } = consumer({
    ...silentLog,
    info: (_: object, message: string) => void told.push(message),
  });
  directives.hear(1, { isRecognised: true });
  await clock.advance(1_000);
  expect(told).toEqual([]);
  directives.hear(2, { isRecognised: true });
  await clock.advance(1_000);
  expect(told).toContain('central has begun a new epoch, and its log begins anew');
});

test('what comes after the way down was closed is not taken, and what waited is not acknowledged', async () => {
  const { clock, inbox, directives, central, tell, acknowledged } = consumer();
  inbox.carryOutMs = 1_000;
  central.append(...['one', 'two', 'three'].map((text) => Buffer.from(text)));
  tell(central.batch(1, 1), 'one');
  tell(central.batch(2, 2), 'two');
  await clock.advance(10);
  directives.close();
  tell(central.batch(3, 3), 'three');
  await clock.advance(5_000);
  expect(acknowledged).toEqual(['one']);
  expect(inbox.cursor().sequence).toBe(1);
  await directives.stop();
  directives.open();
  tell(central.batch(2, 2), 'two');
  await clock.advance(5_000);
  expect(inbox.cursor().sequence).toBe(1);
});

test('stopping waits until what is being carried out is durable, and no longer', async () => {
  const { clock, inbox, directives, central, tell, acknowledged } = consumer();
  inbox.carryOutMs = 1_000;
  central.append(...['one', 'two'].map((text) => Buffer.from(text)));
  tell(central.batch(1, 1), 'one');
  tell(central.batch(2, 2), 'two');
  await clock.advance(500);
  let isStopped = false;
  void directives.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(400);
  expect(isStopped).toBe(false);
  await clock.advance(100);
  expect(isStopped).toBe(true);
  expect(acknowledged).toEqual(['one']);
});
