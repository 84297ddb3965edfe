import { systemClock } from '@edgestock/shared/runtime/clock';
import { beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import type { Applied } from '../store/central-store.ts';
import { StoreFull } from '../store/store-full.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { warehouseOf } from '../testing/node-log.ts';
import { PromiseQueue } from './promise-queue.ts';
import { PromiseUnavailable } from './promise-writer.ts';

/** A store that notes what came together, and answers each with its own reservation. */
class NotingStore {
  readonly groups: string[][] = [];
  failure: Error | undefined;

  async promise(commands: readonly PromiseCommand[]): Promise<Applied<PromiseOutcome>> {
    if (this.failure !== undefined) throw this.failure;
    this.groups.push(commands.map(nameOf));
    const outcomes = commands.map(
      (command): PromiseOutcome => ({ outcome: 'unknown', what: 'order', id: nameOf(command) }),
    );
    return { outcomes, changes: [], directed: [], ahead: [] };
  }
}

const nameOf = (command: PromiseCommand) => (command.command === 'pay' ? command.order : command.command);
const pay = (order: string): PromiseCommand => ({ command: 'pay', order, result: 'authorised' });
const lastUnits: PromiseCommand = { command: 'return-quota', warehouse: warehouseOf('BER1'), lines: [] };

let store: NotingStore;
let events: string[];
let queue: PromiseQueue;

beforeEach(() => {
  store = new NotingStore();
  events = [];
  queue = new PromiseQueue({
    store,
    clock: systemClock,
    onCommitted: ({ outcomes }) => events.push(`committed ${outcomes.length}`),
    onFailed: (error) => events.push(String(error)),
  });
});

it('commands of one turn share a transaction, each with its own outcome, after the commit was told', async () => {
  const outcomes = ['A', 'B', 'C'].map(async (id) => {
    const outcome = await queue.promise(pay(id));
    events.push(id);
    return outcome;
  });
  expect(await Promise.all(outcomes)).toMatchObject([{ id: 'A' }, { id: 'B' }, { id: 'C' }]);
  expect(store.groups).toEqual([['A', 'B', 'C']]);
  expect(events).toEqual(['committed 3', 'A', 'B', 'C']);
});

it('a page of the catalogue is the last of its transaction: whoever comes behind it waits for one page at most', async () => {
  const page: PromiseCommand = { command: 'upsert-catalogue', items: [] };
  await Promise.all([pay('A'), page, pay('B'), page, page].map((command) => queue.promise(command)));
  expect(store.groups).toEqual([['A', 'upsert-catalogue'], ['B', 'upsert-catalogue'], ['upsert-catalogue']]);
});

it('a transaction takes no more than its bound, and the rest follows in order', async () => {
  const count = centralLimits.groupPromisesMax + 2;
  await Promise.all(Array.from({ length: count }, (_, index) => queue.promise(pay(String(index)))));
  expect(store.groups.map((group) => group.length)).toEqual([centralLimits.groupPromisesMax, 2]);
  expect(store.groups.flat()).toEqual(Array.from({ length: count }, (_, index) => String(index)));
});

it('a buyer at a counter goes before everybody in the shops', async () => {
  const shops = Array.from({ length: centralLimits.groupPromisesMax * 2 }, (_, index) =>
    queue.promise(pay(`${index}`)),
  );
  const counter = queue.urgent(lastUnits);
  await Promise.all([...shops, counter]);
  expect(store.groups[0]?.[0]).toBe('return-quota');
});

it('whoever else writes can let them go first, and waits for one group at most', async () => {
  const shops = Array.from({ length: centralLimits.groupPromisesMax + 1 }, (_, index) =>
    queue.promise(pay(`${index}`)),
  );
  await queue.flush();
  expect(store.groups.map((group) => group.length)).toEqual([centralLimits.groupPromisesMax]);
  await Promise.all(shops);
});

it('counts what somebody waits for, and not the sweeper’s own', async () => {
  const swept = queue.promise({ command: 'sweep', limit: 1 });
  expect([queue.size, queue.asked]).toEqual([1, 0]);
  const both = [queue.promise(pay('A')), queue.urgent(lastUnits)];
  expect([queue.size, queue.asked]).toEqual([3, 2]);
  await Promise.all([swept, ...both]);
  expect(queue.asked).toBe(0);
});

it('beyond its bound it refuses at once, and nothing of it was tried', async () => {
  const waiting = Array.from({ length: centralLimits.promisesWaitingMax }, (_, index) =>
    queue.promise(pay(`${index}`)),
  );
  const refused = await queue.promise(pay('one too many')).catch((error: unknown) => error);
  expect(refused).toMatchObject({ failure: 'busy', retryable: true });
  await Promise.all(waiting);
  expect(store.groups.flat()).not.toContain('one too many');
});

it('when the store fails, everyone who waits hears of it, and nothing more is taken', async () => {
  store.failure = new Error('disk full');
  const first = queue.promise(pay('A')).catch((error: unknown) => error);
  expect(await first).toBeInstanceOf(PromiseUnavailable);
  expect(await first).toMatchObject({ failure: 'interrupted' });
  expect(events).toEqual(['Error: disk full']);
  store.failure = undefined;
  await expect(queue.promise(pay('B'))).rejects.toBeInstanceOf(PromiseUnavailable);
  expect(store.groups).toEqual([]);
});

it('a full store is told to who asked, and the next ones are carried out once there is room', async () => {
  store.failure = new StoreFull('database or disk is full');
  await expect(queue.promise(pay('A'))).rejects.toMatchObject({ failure: 'store-full', retryable: true });
  store.failure = undefined;
  expect(await queue.promise(pay('B'))).toMatchObject({ id: 'B' });
  expect(events).toEqual(['committed 1']);
});

it('a server that is away is told to who asked, and the next ones are carried out once it is back', async () => {
  store.failure = new StoreUnavailable('the database server cannot be reached');
  await expect(queue.promise(pay('A'))).rejects.toMatchObject({ failure: 'store-away', retryable: true });
  store.failure = undefined;
  expect(await queue.promise(pay('B'))).toMatchObject({ id: 'B' });
  expect(events).toEqual(['committed 1']);
});

it('what was accepted is carried out before it stops', async () => {
  const accepted = queue.promise(pay('A'));
  await queue.stop();
  expect(await accepted).toMatchObject({ id: 'A' });
  await expect(queue.promise(pay('B'))).rejects.toMatchObject({ failure: 'stopping' });
});
