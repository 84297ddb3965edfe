import { describe, expect, it } from 'vitest';
import { DEFAULT_CHANNEL } from '../../../rules/channel.ts';
import type { Order } from '../../../rules/order.ts';
import { decideOrder } from '../../../rules/order-saga.ts';
import { migratedPglite } from '../../../testing/migrated-pglite.ts';
import { skuOf, warehouseOf } from '../../../testing/node-log.ts';
import { contextOf, linesOf, PLACED_AT, placed } from '../../../testing/order-fixture.ts';
import { PostgresHoldWriter } from '../promises/hold-table.ts';
import { PostgresOrderFinder } from './order-finder.ts';
import { PostgresOrderReader, PostgresOrderWriter } from './order-table.ts';
import { PostgresUnknownTaskTable } from './unknown-task-table.ts';

const pg = migratedPglite();
const [A, B] = [skuOf('A'), skuOf('B')];
const [W1, W2] = [warehouseOf('W1'), warehouseOf('W2')];

/** Writes the order as it is now, with what it holds. */
async function put(order: Order, before?: Order): Promise<Order> {
  await new PostgresOrderWriter(pg.session).put(order, before);
  const holds = new PostgresHoldWriter(pg.session);
  const holder = { kind: 'order', id: order.id, channel: order.channel } as const;
  await holds.remove('order', [order.id]);
  for (const { sku, holds: held } of order.lines) for (const hold of held) await holds.add({ ...holder, sku, ...hold });
  return order;
}

/** An order of that name, paid where it says so: from then on its units are allocated. */
async function ordered(
  id: string,
  lines: string,
  offers: string,
  { afterMs = 0, isPaid = false, onShortage = 'refuse' as 'refuse' | 'backorder' } = {},
): Promise<Order> {
  const { order } = placed(lines, offers, onShortage);
  const put1 = await put({ ...order, id, placedAt: order.placedAt + afterMs });
  if (!isPaid) return put1;
  const paid = decideOrder(put1, { event: 'pay', result: 'authorised' }, contextOf(offers));
  return put(paid.order, put1);
}

/** What the node did, decided and written. */
async function happened(order: Order, fact: 'ship' | 'give-up', lines: string): Promise<Order> {
  const task = order.allocations[0]?.task ?? '';
  return put(decideOrder(order, { event: fact, task, lines: linesOf(lines) }, contextOf('')).order, order);
}

describe('orders', () => {
  it('are read back as they were decided, step by step', async () => {
    const reader = new PostgresOrderReader(pg.session);
    const reversed = await ordered('r', 'B2 A7', 'W1 A5 B9, W2 A3');
    expect(await reader.get('r')).toEqual(reversed);
    const order = await ordered('o', 'A7 B2', 'W1 A5 B9, W2 A3');
    expect(order.lines[0]?.holds).toHaveLength(2);
    expect(await reader.get('o')).toEqual(order);
    const paid = await put(decideOrder(order, { event: 'pay', result: 'authorised' }, contextOf('')).order, order);
    expect(paid.allocations).toHaveLength(2);
    expect(await reader.get('o')).toEqual(paid);
    const shipped = await happened(paid, 'ship', 'A1 B2');
    const short = await happened(shipped, 'give-up', 'A1');
    expect(await reader.get('o')).toEqual(short);
    expect(short.allocations[0]?.lines).toContainEqual(expect.objectContaining({ sku: A, shipped: 1, givenUp: 1 }));
    expect(short.history.length).toBeGreaterThan(paid.history.length);
    expect(await reader.get('other')).toBeUndefined();
  });

  it('keep what was asked for of shortages, and wait in their lines', async () => {
    const order = await ordered('o', 'A7', 'W1 A5', { onShortage: 'backorder', isPaid: true });
    expect(order).toMatchObject({ onShortage: 'backorder', lines: [{ backordered: 2 }] });
    expect(await new PostgresOrderReader(pg.session).get('o')).toEqual(order);
  });

  it('are listed latest first, of a warehouse those with anything allocated there', async () => {
    const reader = new PostgresOrderReader(pg.session);
    await ordered('a', 'A1', 'W1 A1', { isPaid: true });
    await ordered('b', 'A1', 'W2 A1', { isPaid: true });
    await ordered('c', 'A1', 'W1 A1');
    const d = await ordered('d', 'A7', 'W1 A5, W2 A3', { isPaid: true, afterMs: 5 });
    const done = await ordered('e', 'A1', 'W1 A1', { isPaid: true, afterMs: 5 });
    await happened(done, 'ship', 'A1');
    const ids = async (options: Omit<Parameters<PostgresOrderReader['latest']>[0], 'limit'> & { limit?: number }) =>
      (await reader.latest({ limit: 9, ...options })).map(({ id }) => id).join('');
    expect(await ids({})).toBe('edcba');
    expect(await ids({ limit: 2 })).toBe('ed');
    expect(await ids({ before: { placedAt: PLACED_AT, id: 'c' } })).toBe('ba');
    expect(await ids({ state: 'firm' })).toBe('dba');
    expect(await ids({ warehouse: W1 })).toBe('eda');
    expect(await ids({ warehouse: W1, limit: 2 })).toBe('ed');
    expect(await ids({ warehouse: W1, before: { placedAt: PLACED_AT + 5, id: 'd' } })).toBe('a');
    expect(await ids({ warehouse: W1, state: 'done' })).toBe('e');
    expect(await ids({ warehouse: W1, state: 'firm' })).toBe('da');
    expect(await ids({ warehouse: W1, state: 'placed' })).toBe('');
    expect((await reader.latest({ warehouse: W2, limit: 1 })).at(0)).toEqual(d);
    // One of two tasks there is still one order.
    const waits = await ordered('f', 'A7', 'W2 A5', { isPaid: true, afterMs: 9, onShortage: 'backorder' });
    const served = await put(decideOrder(waits, { event: 'offer' }, contextOf('W2 A2')).order, waits);
    expect(served.allocations).toHaveLength(2);
    await happened(served, 'ship', 'A5');
    expect([await ids({ warehouse: W2, limit: 2 }), await ids({ warehouse: W2, state: 'firm' })]).toEqual([
      'fd',
      'fdb',
    ]);
  });
});

describe('orders that something concerns', () => {
  it('are found by their tasks', async () => {
    const finder = new PostgresOrderFinder(pg.session);
    const order = await ordered('o', 'A5 B1', 'W1 A5 B1', { isPaid: true });
    const task = order.allocations[0]?.task ?? '';
    expect([await finder.ofTask(task, W1), await finder.ofTask(task, W2)]).toEqual(['o', undefined]);
    expect(await finder.taskLine(task, W1, A)).toEqual({ shipped: 0, givenUp: 0 });
    expect(await finder.taskLine(task, W1, skuOf('C'))).toBeUndefined();
    await happened(order, 'ship', 'A2');
    expect(await finder.taskLine(task, W1, A)).toEqual({ shipped: 2, givenUp: 0 });
    expect(await finder.openUnits(W1, A, 9)).toEqual([{ id: task, quantity: 3 }]);
    await new PostgresOrderWriter(pg.session).heard(task);
    expect(await finder.openTasksAt(W1)).toEqual([
      {
        ...{ task, order: 'o', at: order.allocations[0]?.at, isHeard: true },
        lines: [
          { sku: A, quantity: 5, releasing: 0 },
          { sku: B, quantity: 1, releasing: 0 },
        ],
      },
    ]);
    expect(await finder.openTasksAt(W2)).toEqual([]);
  });

  it('are found where goods are missing, the newest allocation first', async () => {
    const finder = new PostgresOrderFinder(pg.session);
    await ordered('a', 'A1', 'W1 A1', { isPaid: true });
    const b = await ordered('b', 'A2', 'W1 A2', { isPaid: true });
    const c = await ordered('c', 'A3', 'W1 A3', { isPaid: true });
    await happened(await ordered('d', 'A1', 'W1 A1', { isPaid: true }), 'ship', 'A1');
    expect(await finder.openAt(W1, A, 9)).toEqual(['c', 'b', 'a']);
    expect(await finder.openAt(W1, A, 1)).toEqual(['c']);
    expect(await finder.releasing(W1, A)).toBe(0);
    const asked = decideOrder(b, { event: 'deficit', warehouse: W1, sku: A, units: 2 }, contextOf('')).order;
    await put(asked, b);
    expect([await finder.openAt(W1, A, 9), await finder.releasing(W1, A)]).toEqual([['c', 'a'], 2]);
    expect((await finder.openTasksAt(W1)).map(({ order, isHeard }) => [order, isHeard])).toEqual([
      ...[
        ['a', false],
        ['b', false],
        ['c', false],
      ],
    ]);
    await new PostgresHoldWriter(pg.session).add({
      ...{ kind: 'order', id: c.id, channel: DEFAULT_CHANNEL, sku: A, warehouse: W2, quantity: 1 },
    });
    await ordered('e', 'A1', 'W2 A1');
    expect([await finder.firmHoldersAt(W2), await finder.firmHoldersAt(W1)]).toEqual([['c'], []]);
    expect(await finder.openByState()).toEqual({ placed: 1, firm: 3 });
  });

  it('are found when their moment has come, the earliest first', async () => {
    const finder = new PostgresOrderFinder(pg.session);
    expect(await finder.nextWake()).toBeUndefined();
    const a = await ordered('a', 'A1', 'W1 A1');
    await put({ ...a, id: 'b', wakeAt: 5 });
    await put({ ...a, id: 'c', wakeAt: 3 });
    const { wakeAt: _, ...never } = a;
    await put({ ...never, id: 'd' });
    expect([await finder.due(5, 9), await finder.due(5, 1), await finder.nextWake()]).toEqual([['c', 'b'], ['c'], 3]);
  });

  it('are found by what they wait for, the oldest first', async () => {
    const finder = new PostgresOrderFinder(pg.session);
    const waiting = { onShortage: 'backorder', isPaid: true } as const;
    await ordered('b', 'A7', 'W1 A5', { ...waiting, afterMs: 5 });
    await ordered('c', 'A6 B1', 'W1 A5', waiting);
    await ordered('d', 'A9', 'W1 A5', { onShortage: 'backorder' });
    await ordered('e', 'B1', 'W1 B1', { isPaid: true });
    expect(await finder.waiting(A, 9)).toEqual([
      { id: 'c', channel: DEFAULT_CHANNEL },
      { id: 'b', channel: DEFAULT_CHANNEL },
    ]);
    expect((await finder.waiting(A, 1)).map(({ id }) => id)).toEqual(['c']);
    expect(await finder.waitedFor([skuOf('C'), B, A])).toEqual([B, A]);
    await ordered('f', 'D1', 'W1 D1', { isPaid: true });
    expect(await finder.waitedFor([skuOf('C'), skuOf('D'), A])).toEqual([A]);
    expect([
      await finder.waitingUnits(A, DEFAULT_CHANNEL),
      await finder.waitingUnits(skuOf('C'), DEFAULT_CHANNEL),
    ]).toEqual([7, 0]);
    expect([await finder.waitingSkus(undefined, 9), await finder.waitingSkus(A, 9)]).toEqual([[A, B], [B]]);
    expect(await finder.waitingSkus(undefined, 1)).toEqual([A]);
  });
});

describe('tasks of no order', () => {
  const facts = (fact: 'allocate' | 'ship' | 'give-up', lines: string, task = 't', warehouse = W1) => ({
    ...{ fact, task, warehouse },
    lines: linesOf(lines),
  });

  it('grow and shrink as their node says, and no unit counts twice', async () => {
    const table = new PostgresUnknownTaskTable(pg.session);
    await table.report(facts('ship', 'A1'), 1);
    expect(await table.get(W1, 't')).toBeUndefined();
    await table.report(facts('allocate', 'A2 B1'), 5);
    await table.report(facts('allocate', 'A1'), 6);
    await table.report(facts('give-up', 'A1'), 7);
    expect(await table.get(W1, 't')).toEqual({
      ...{ warehouse: W1, task: 't', heardAt: 5 },
      lines: [
        { sku: A, quantity: 3, shipped: 0, givenUp: 1 },
        { sku: B, quantity: 1, shipped: 0, givenUp: 0 },
      ],
    });
    // What was given up and left all the same was not given up.
    await table.report(facts('ship', 'A3'), 8);
    expect((await table.get(W1, 't'))?.lines[0]).toEqual({ sku: A, quantity: 3, shipped: 3, givenUp: 0 });
    await table.report(facts('give-up', 'A1 B9'), 9);
    await table.released(W1, 't', 9);
    expect(await table.get(W1, 't')).toMatchObject({
      ...{
        releasedAt: 9,
        lines: [
          { shipped: 3, givenUp: 0 },
          { shipped: 0, givenUp: 1 },
        ],
      },
    });
  });

  it('may have a name that the server could not write, and are found by it', async () => {
    const table = new PostgresUnknownTaskTable(pg.session);
    await table.report(facts('allocate', 'A1', 'a\u0000b'), 1);
    await table.report({ ...facts('ship', 'A1', 'a\u0000b'), lines: [{ sku: skuOf('A'), quantity: 1 }] }, 1);
    expect(await table.get(W1, 'a\u0000b')).toMatchObject({ task: 'a\ufffdb', lines: [{ shipped: 1 }] });
  });

  it('are listed while something is left to ship', async () => {
    const table = new PostgresUnknownTaskTable(pg.session);
    for (const task of ['t2', 't1']) await table.report(facts('allocate', 'A1 B1', task), 1);
    await table.report(facts('allocate', 'A1', 't0', W2), 1);
    await table.report(facts('ship', 'A1', 't2'), 1);
    const open = async (after: { warehouse: typeof W1; task: string } | undefined, limit = 9) =>
      (await table.open(after, limit)).map(({ warehouse, task, lines }) => `${warehouse} ${task} ${lines.length}`);
    expect(await open(undefined)).toEqual(['W1 t1 2', 'W1 t2 2', 'W2 t0 1']);
    expect(await open(undefined, 1)).toEqual(['W1 t1 2']);
    expect(await open({ warehouse: W1, task: 't1' })).toEqual(['W1 t2 2', 'W2 t0 1']);
    await table.report(facts('give-up', 'B1', 't2'), 1);
    await table.remove(W2, 't0');
    expect([await open(undefined), await table.openCount()]).toEqual([['W1 t1 2'], 1]);
  });
});
