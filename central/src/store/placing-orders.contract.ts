import { describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { warehouseOf } from '../testing/node-log.ts';
import { NOW, reserve } from './contract-fixture.contract.ts';
import { type OrderingWorld, PAYMENT_MS, placing } from './ordering-world.contract.ts';
import type { PromiseStore } from './promise-store.ts';

/** What becomes of orders until they are firm. */
export function describePlacing(world: OrderingWorld): void {
  describe('placing an order', () => {
    it('holds its units until it is paid, and sums a SKU over its lines', async () => {
      await world.node('W1 A5 B1');
      expect(await world.place('o', 'A2 B1 A1')).toMatchObject({
        outcome: 'order',
        isReplay: false,
        order: { state: 'placed', payment: 'awaited', wakeAt: NOW + PAYMENT_MS },
      });
      expect(await world.units('o')).toEqual(['A: 3 ordered, 3 held', 'B: 1 ordered, 1 held']);
      expect(await world.available('A')).toBe(2);
      expect(await world.place('p', 'A2 A1')).toEqual({
        outcome: 'insufficient',
        shortages: [{ sku: 'A', requested: 3, available: 2 }],
      });
      expect(await world.store.order('p')).toBeUndefined();
    });

    it('gives of two hundred orders for one unit each as many as there are, in one transaction or in many', async () => {
      await world.node('W1 A30');
      await world.node('W2 A20');
      const commands = Array.from({ length: 200 }, (_, n) => placing(`o${n}`, 'A1'));
      const [first, second, third] = await Promise.all([
        world.store.promise(commands.slice(0, 100), NOW),
        world.store.promise(commands.slice(100, 101), NOW),
        world.store.promise(commands.slice(101), NOW),
      ]);
      const outcomes = [first, second, third].flatMap((applied) => applied.outcomes.map(({ outcome }) => outcome));
      expect(outcomes.filter((outcome) => outcome === 'order')).toHaveLength(50);
      expect(outcomes.filter((outcome) => outcome === 'insufficient')).toHaveLength(150);
      expect(await world.available('A')).toBe(0);
    });

    it('finds what those before it in its transaction have left: units, the buffer, and its own id', async () => {
      await world.node('W1 A5 B1');
      await world.node('W2 A5');
      await world.promise({
        command: 'set-channel',
        record: { channel: DEFAULT_CHANNEL, warehouses: 'all', buffer: 1 },
      });
      await world.promise(reserve('held', { A: 1 }));
      const { outcomes } = await world.store.promise(
        [
          placing('first', 'A4 B9', { onShortage: 'cancel' }),
          placing('first', 'A4 B9', { onShortage: 'cancel' }),
          placing('first', 'A3'),
          placing('held', 'A1'),
          placing('second', 'A5'),
          placing('third', 'A4'),
          placing('fourth', 'A1', { onShortage: 'backorder' }),
        ],
        world.now,
      );
      expect(outcomes).toMatchObject([
        { outcome: 'order', isReplay: false },
        { outcome: 'order', isReplay: true, order: { id: 'first' } },
        { outcome: 'key-reused', key: 'first' },
        { outcome: 'id-taken', by: 'reservation' },
        { outcome: 'insufficient', shortages: [{ sku: 'A', requested: 5, available: 4 }] },
        { outcome: 'order', isReplay: false },
        { outcome: 'order', isReplay: false },
      ]);
      expect(await world.units('first')).toEqual(['A: 4 ordered, 4 held', 'B: 9 ordered, 9 cancelled']);
      expect(await world.units('third')).toEqual(['A: 4 ordered, 4 held']);
      expect(await world.units('fourth')).toEqual(['A: 1 ordered, 1 backordered']);
      expect(await world.available('A')).toBe(0);
    });

    it('finds what reservations before it in its transaction have left, and they what it has', async () => {
      await world.node('W1 A5');
      const { outcomes } = await world.store.promise(
        [
          placing('o', 'A2'),
          reserve('r', { A: 2 }),
          placing('r', 'A1'),
          reserve('o', { A: 1 }),
          reserve('many', { A: 9 }, { isPartial: true }),
          placing('last', 'A1'),
        ],
        NOW,
      );
      expect(outcomes).toMatchObject([
        { outcome: 'order', order: { id: 'o' } },
        { outcome: 'reserved', reservation: { id: 'r' } },
        { outcome: 'id-taken', by: 'reservation' },
        { outcome: 'id-taken', by: 'order' },
        { outcome: 'reserved', shortages: [{ sku: 'A', requested: 9, available: 1 }] },
        { outcome: 'insufficient', shortages: [{ sku: 'A', requested: 1, available: 0 }] },
      ]);
      expect(await world.available('A')).toBe(0);
    });

    it('said again is the same order, by its id or by its key', async () => {
      await world.node('W1 A5');
      const idempotency = { key: 'k', fingerprint: 'f' };
      const first = await world.place('o', 'A2', { idempotency });
      expect(await world.place('o', 'A2', { idempotency })).toEqual({ ...first, isReplay: true });
      expect(await world.place('o', 'A1 A1', { paymentDueAt: NOW + 5 })).toEqual({ ...first, isReplay: true });
      expect(await world.place('o', 'A3')).toEqual({ outcome: 'key-reused', key: 'o' });
      for (const other of [{ onShortage: 'cancel' }, { onShortage: 'backorder' }, { paymentTtlSeconds: 5 }] as const) {
        expect(await world.place('o', 'A2', other)).toEqual({ outcome: 'key-reused', key: 'o' });
      }
      expect(await world.place('p', 'A2', { idempotency: { ...idempotency, fingerprint: 'g' } })).toEqual({
        outcome: 'key-reused',
        key: 'k',
      });
      expect(await world.available('A')).toBe(3);
    });

    it('leaves what the channel keeps unsold, and knows its channel', async () => {
      await world.node('W1 A5');
      await world.promise({
        command: 'set-channel',
        record: { channel: DEFAULT_CHANNEL, warehouses: 'all', buffer: 2 },
      });
      expect(await world.place('o', 'A4')).toMatchObject({ outcome: 'insufficient', shortages: [{ available: 3 }] });
      expect(await world.place('o', 'A3')).toMatchObject({ outcome: 'order' });
      expect(await world.place('p', 'A1', { channel: 'none' as typeof DEFAULT_CHANNEL })).toEqual({
        outcome: 'unknown',
        what: 'channel',
        id: 'none',
      });
    });

    it('lets no more wait than a channel may have waiting', async () => {
      const { backorderUnitsPerSkuMax: most } = centralLimits;
      expect(await world.place('o', `A${most - 1}`, { onShortage: 'backorder' })).toMatchObject({ outcome: 'order' });
      expect(await world.place('p', 'A2', { onShortage: 'backorder' })).toEqual({
        outcome: 'insufficient',
        shortages: [{ sku: 'A', requested: 2, available: 0, mayWait: 1 }],
      });
      expect(await world.place('p', 'A1', { onShortage: 'backorder' })).toMatchObject({ outcome: 'order' });
    });
  });

  describe('payment', () => {
    it('sends each warehouse its part once, however often it is said', async () => {
      const one = await world.node('W1 A2');
      const two = await world.node('W2 A2');
      await world.place('o', 'A4');
      expect(await world.pay('o')).toMatchObject({ outcome: 'order', isReplay: false, order: { state: 'firm' } });
      const { outcomes, directed } = await world.store.promise(
        [{ command: 'pay', order: 'o', result: 'authorised' }],
        NOW + 1,
      );
      expect(outcomes).toMatchObject([{ outcome: 'order', isReplay: true }]);
      expect(directed).toEqual([]);
      await world.settle();
      expect([...one.tasks.keys(), ...two.tasks.keys()]).toEqual(['o.1', 'o.2']);
      expect(one.quantities('A')).toMatchObject({ committed: 2, quota: 0, allocated: 2 });
      expect(await world.pay('o', 'failed')).toMatchObject({ outcome: 'too-late', state: 'firm' });
    });

    it('has its own outcome where several come together, with cancellations between them', async () => {
      const [w1, w2] = [await world.node('W1 A3 B2'), await world.node('W2 A4')];
      for (const [id, lines] of Object.entries({ a: 'A2 B1', b: 'A1 B1', c: 'A3', d: 'A1' }))
        await world.place(id, lines);
      const pay = (order: string, result: 'authorised' | 'failed' = 'authorised') =>
        ({ command: 'pay', order, result }) as const;
      const { outcomes } = await world.store.promise(
        [
          pay('a'),
          pay('b', 'failed'),
          pay('nobody'),
          { command: 'cancel', order: 'c', reason: 'changed her mind' },
          pay('a'),
          pay('c'),
          pay('d'),
        ],
        world.now,
      );
      expect(outcomes).toMatchObject([
        { outcome: 'order', isReplay: false, order: { id: 'a', state: 'firm' } },
        { outcome: 'order', isReplay: false, order: { id: 'b', state: 'cancelled' } },
        { outcome: 'unknown', what: 'order', id: 'nobody' },
        { outcome: 'order', isReplay: false, order: { id: 'c', state: 'cancelled' } },
        { outcome: 'order', isReplay: true, order: { id: 'a', state: 'firm' } },
        { outcome: 'too-late', state: 'cancelled' },
        { outcome: 'order', isReplay: false, order: { id: 'd', state: 'firm' } },
      ]);
      expect(await world.available('A')).toBe(4);
      for (const node of [w1, w2])
        expect((await world.told(node)).filter((kind) => kind !== 'policy')).toEqual(['allocate']);
      await world.settle();
      expect([w1.quantities('A'), w2.quantities('A')]).toMatchObject([{ committed: 2 }, { committed: 1 }]);
      expect(await world.units('d')).toEqual(['A: 1 ordered, 1 open']);
    });

    it('that fails, or does not come in time, gives the units back', async () => {
      await world.node('W1 A2');
      await world.place('o', 'A1');
      await world.place('p', 'A1');
      expect(await world.pay('o', 'failed')).toMatchObject({ order: { state: 'cancelled', payment: 'failed' } });
      expect(await world.available('A')).toBe(1);
      world.now += PAYMENT_MS;
      expect(await world.sweep()).toEqual({ outcome: 'swept', expired: 0, woken: 1, isMore: false });
      expect(await world.order('p')).toMatchObject({ state: 'cancelled', payment: 'timed-out' });
      expect(await world.available('A')).toBe(2);
      expect(await world.sweep()).toMatchObject({ woken: 0 });
      expect(await world.pay('p')).toMatchObject({ outcome: 'too-late', state: 'cancelled' });
    });

    it('that comes too late finds no order, though nobody swept', async () => {
      await world.node('W1 A2');
      await world.place('o', 'A1');
      world.now += PAYMENT_MS;
      expect(await world.pay('o')).toMatchObject({ outcome: 'too-late', state: 'cancelled' });
      expect(await world.available('A')).toBe(2);
      expect(await world.pay('nobody')).toEqual({ outcome: 'unknown', what: 'order', id: 'nobody' });
    });
  });

  describe('a confirmed reservation', () => {
    it('is a firm order of the same id with the same units', async () => {
      const node = await world.node('W1 A3');
      await world.promise(reserve('r', { A: 2 }, { expiresAt: NOW + 10 }));
      const confirm = { command: 'confirm', reservation: 'r' } as const;
      expect(await world.promise(confirm)).toMatchObject({
        outcome: 'order',
        isReplay: false,
        order: { id: 'r', state: 'firm', payment: 'not-needed' },
      });
      world.now += 20;
      expect(await world.promise(confirm)).toMatchObject({ outcome: 'order', isReplay: true });
      expect(await world.store.reservation('r')).toMatchObject({ state: 'confirmed' });
      await world.settle();
      expect(node.quantities('A')).toMatchObject({ committed: 2, quota: 1 });
      expect(await world.available('A')).toBe(1);
      await world.sweep();
      expect(await world.units('r')).toEqual(['A: 2 ordered, 2 open']);
    });

    it('shares its id with no order: neither is made while the other has it', async () => {
      await world.node('W1 A9');
      const hold = (id: string) => world.promise(reserve(id, { A: 2 }, { expiresAt: NOW + 10 }));
      await hold('r');
      expect(await world.place('r', 'A2')).toEqual({ outcome: 'id-taken', by: 'reservation', id: 'r' });
      expect(await world.available('A')).toBe(7);
      const first = await world.place('o', 'A1');
      expect(await hold('o')).toEqual({ outcome: 'id-taken', by: 'order', id: 'o' });
      expect(await world.place('o', 'A1')).toEqual({ ...first, isReplay: true });
      expect(await world.available('A')).toBe(6);
      // One that is over holds nothing, swept up or not: its id is free for an order.
      world.now += 10;
      const placed = await world.place('r', 'A2');
      expect(placed).toMatchObject({ outcome: 'order', isReplay: false });
      expect(await world.place('r', 'A2')).toEqual({ ...placed, isReplay: true });
    });

    it('is none when its time is over, or when its id is an order of somebody else', async () => {
      await world.node('W1 A3');
      for (const id of ['r', 's']) await world.promise(reserve(id, { A: 1 }, { expiresAt: NOW + 10 }));
      world.now += 10;
      await world.place('s', 'A1');
      // The clock was set back, and the reservation is open again; stores of earlier builds may have both as well.
      world.now -= 10;
      expect(await world.promise({ command: 'confirm', reservation: 's' })).toEqual({
        outcome: 'id-taken',
        by: 'order',
        id: 's',
      });
      world.now += 10;
      expect(await world.promise({ command: 'confirm', reservation: 'r' })).toMatchObject({ state: 'expired' });
      expect(await world.store.order('r')).toBeUndefined();
      // The order has one; the other reservation is over too, and swept up.
      expect(await world.sweep()).toMatchObject({ expired: 1 });
      expect(await world.available('A')).toBe(2);
    });
  });

  it('lists orders, latest first, of one state or of all', async () => {
    await world.node('W1 A9');
    for (const id of ['a', 'c', 'b']) await world.place(id, 'A1');
    world.now += 1;
    await world.place('d', 'A1');
    await world.pay('a');
    const ids = async (options: Parameters<PromiseStore['orders']>[0]) =>
      (await world.store.orders(options)).map(({ id }) => id);
    expect(await ids({ limit: 3 })).toEqual(['d', 'c', 'b']);
    expect(await ids({ limit: 3, before: { placedAt: NOW, id: 'b' } })).toEqual(['a']);
    expect(await ids({ limit: 9, state: 'placed' })).toEqual(['d', 'c', 'b']);
    expect(await ids({ limit: 9, state: 'firm' })).toEqual(['a']);
  });

  it('lists the orders of a warehouse, latest first: those of which something was allocated there', async () => {
    const [one, two] = [await world.node('W1 A4 B9'), await world.node('W2 A9 C9')];
    // Of `split` W1 has a part, and gets another one later.
    for (const [id, lines] of [
      ['b', 'B1'],
      ['split', 'A6 B1'],
      ['waits', 'B1'],
      ['other', 'C2'],
      ['c', 'B1'],
      ['gone', 'B1'],
    ] as const) {
      await world.place(id, lines);
      if (id !== 'waits') await world.pay(id);
      world.now += 1;
    }
    await world.settle();
    two.miss('split.2', 'A', 2);
    one.ship('b.1', 'B', 1);
    await world.cancel('gone');
    await world.settle();
    const warehouse = warehouseOf('W1');
    const ids = async (options: Omit<Parameters<PromiseStore['orders']>[0], 'warehouse'>) =>
      (await world.store.orders({ ...options, warehouse })).map(({ id }) => id);
    expect(await ids({ limit: 9 })).toEqual(['gone', 'c', 'split', 'b']);
    expect(await ids({ limit: 2 })).toEqual(['gone', 'c']);
    const { placedAt } = await world.order('c');
    expect(await ids({ limit: 2, before: { placedAt, id: 'c' } })).toEqual(['split', 'b']);
    expect(await ids({ limit: 1, state: 'firm', before: { placedAt, id: 'c' } })).toEqual(['split']);
    expect(await ids({ limit: 9, state: 'firm' })).toEqual(['c', 'split']);
    expect(await ids({ limit: 9, state: 'done' })).toEqual(['b']);
    expect(await ids({ limit: 9, state: 'cancelled' })).toEqual(['gone']);
    expect(await ids({ limit: 9, state: 'placed' })).toEqual([]);
  });
}
