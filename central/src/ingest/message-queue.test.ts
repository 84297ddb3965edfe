import type { Lane } from '@edgestock/shared/protocol/subjects';
import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { MessageQueue } from './message-queue.ts';

const message = (subjectWarehouse: string, id: number, lane: Lane = 'up') => ({
  lane,
  subjectWarehouse,
  bytes: Buffer.from([id]),
  acknowledge: () => undefined,
});

const named = (messages: ReturnType<MessageQueue['takeLogs']>) =>
  messages.map(({ subjectWarehouse, bytes }) => `${subjectWarehouse}${bytes[0]}`);

it('takes turns between nodes, in order within each', () => {
  const queue = new MessageQueue();
  for (let id = 1; id <= 6; id += 1) void queue.put(message('BER', id));
  void queue.put(message('HAM', 1));
  expect(named(queue.takeLogs(99))).toEqual(['BER1', 'BER2', 'BER3', 'BER4']);
  expect(named(queue.takeLogs(99))).toEqual(['HAM1']);
  expect(named(queue.takeLogs(1))).toEqual(['BER5']);
  expect(named(queue.takeLogs(99))).toEqual(['BER6']);
  expect(queue.takeLogs(99)).toEqual([]);
});

it('commits what is small before the backlog of another node, which has the next turn', () => {
  const queue = new MessageQueue();
  const large = (id: number) => ({
    ...message('BER', id),
    bytes: Buffer.alloc(centralLimits.smallBatchBytesMax + 1, id),
  });
  void queue.put(message('HAM', 1));
  for (let id = 1; id <= 3; id += 1) void queue.put(large(id));
  void queue.put(message('MUC', 1));
  expect(named(queue.takeLogs(99))).toEqual(['HAM1']);
  expect(named(queue.takeLogs(98, { joinsSmall: true }))).toEqual([]);
  expect(named(queue.takeLogs(2))).toEqual(['BER1', 'BER2']);
  expect(named(queue.takeLogs(97))).toEqual(['MUC1']);
  expect(named(queue.takeLogs(96, { joinsSmall: true }))).toEqual([]);
  expect(named(queue.takeLogs(95))).toEqual(['BER3']);
});

it('keeps states apart from logs', () => {
  const queue = new MessageQueue();
  void queue.put(message('BER', 1));
  void queue.put(message('BER', 2, 'state'));
  expect(named(queue.takeStates())).toEqual(['BER2']);
  expect(named(queue.takeLogs(99))).toEqual(['BER1']);
  expect(queue.size).toBe(0);
});

it('lets its source wait when it is full, until there is room', async () => {
  const queue = new MessageQueue();
  let waited: Promise<void> = Promise.resolve();
  for (let id = 0; id < centralLimits.queueMessagesMax; id += 1) waited = queue.put(message('BER', id % 256));
  let hasRoom = false;
  void waited.then(() => (hasRoom = true));
  await Promise.resolve();
  expect(hasRoom).toBe(false);
  queue.takeLogs(1);
  await waited;
  expect(hasRoom).toBe(true);
});
