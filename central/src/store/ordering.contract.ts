import { must } from '@edgestock/shared/runtime/assert';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { Order } from '../rules/order.ts';
import type { PromiseCommand, PromiseOutcome } from '../rules/promise-command.ts';
import { warehouseOf } from '../testing/node-log.ts';
import { linesOf } from '../testing/order-fixture.ts';
import { unitsOfOrder } from '../testing/order-in-words.ts';
import { PlayedNode } from '../testing/played-node.ts';
import type { CentralStore } from './central-store.ts';
import { NOW } from './contract-fixture.contract.ts';
import type { PromiseStore } from './promise-store.ts';

export type OrderingStore = CentralStore & PromiseStore;
export type OpenOrdering = () => Promise<{
  readonly store: OrderingStore;
  reopen(): Promise<OrderingStore>;
  close(): Promise<void>;
}>;

const PAYMENT_MS = 60_000;

/** Orders from the first promise to the parcel, and every way back, on a store and nodes that play along. */
export function describeOrdering(name: string, open: OpenOrdering): void {
  describe(name, () => {
    const world = new OrderingWorld();
    beforeEach(() => world.open(open));
    afterEach(() => world.close());
    describePlacing(world);
    describeServing(world);
    describeFallingShort(world);
    describeCrashing(world);
  });
}

/** The store of the running test, its nodes, and its clock. */
export class OrderingWorld {
  #opened: Awaited<ReturnType<OpenOrdering>> | undefined;
  #store: OrderingStore | undefined;
  nodes: PlayedNode[] = [];
  now = NOW;

  get store(): OrderingStore {
    return must(this.#store, 'a test is running');
  }

  async open(open: OpenOrdering): Promise<void> {
    this.#opened = await open();
    this.#store = this.#opened.store;
    this.nodes = [];
    this.now = NOW;
  }

  async reopen(): Promise<void> {
    this.#store = await must(this.#opened, 'a test is running').reopen();
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }

  /** `W1 A5`: a node that has received so much and told central. */
  async node(stock: string): Promise<PlayedNode> {
    const [warehouse = '', ...lines] = stock.split(' ');
    const node = await new PlayedNode(warehouse).enrol(this.store, this.now);
    for (const { sku, quantity } of linesOf(lines.join(' '))) node.receive(sku, quantity);
    await node.tell(this.store, this.now);
    this.nodes.push(node);
    return node;
  }

  async promise(command: PromiseCommand): Promise<PromiseOutcome> {
    const { outcomes } = await this.store.promise([command], this.now);
    return must(outcomes[0], 'one command has one outcome');
  }

  place(id: string, lines: string, change: Partial<Extract<PromiseCommand, { command: 'place-order' }>> = {}) {
    return this.promise(placing(id, lines, { paymentDueAt: this.now + PAYMENT_MS, ...change }));
  }

  pay(order: string, result: 'authorised' | 'failed' = 'authorised') {
    return this.promise({ command: 'pay', order, result });
  }

  cancel(order: string) {
    return this.promise({ command: 'cancel', order, reason: 'changed her mind' });
  }

  sweep() {
    return this.promise({ command: 'sweep', limit: 100 });
  }

  /** Nodes hear central and tell it what they did, until nothing is left to say. */
  async settle(): Promise<void> {
    for (let rounds = 0; ; rounds += 1) {
      expect(rounds).toBeLessThan(20);
      const before = await this.#places();
      for (const node of this.nodes) {
        await node.hear(this.store);
        await node.tell(this.store, this.now);
      }
      if (before === (await this.#places())) return;
    }
  }

  /** How far both logs of every node have got. */
  async #places(): Promise<string> {
    const places: string[] = [];
    for (const { log, carriedOut } of this.nodes) {
      const head = await this.store.downHead(log.warehouse);
      places.push(`${log.head} ${carriedOut} of ${head?.sequence}`);
    }
    return places.join();
  }

  async order(id: string): Promise<Order> {
    return must(await this.store.order(id), 'the order is there');
  }

  async units(id: string): Promise<readonly string[]> {
    return unitsOfOrder(await this.order(id));
  }

  async available(sku: string): Promise<number> {
    const [line] = linesOf(`${sku}1`);
    return (await this.store.availability(must(line, 'a line').sku, DEFAULT_CHANNEL)).available;
  }

  async why(id: string): Promise<readonly string[]> {
    return (await this.order(id)).history.map((step) => step.why);
  }
}

function placing(id: string, lines: string, change: Partial<Extract<PromiseCommand, { command: 'place-order' }>> = {}) {
  return {
    command: 'place-order',
    id,
    channel: DEFAULT_CHANNEL,
    owner: 'customer',
    lines: linesOf(lines),
    paymentDueAt: NOW + PAYMENT_MS,
    onShortage: 'refuse',
    ...change,
  } as const satisfies PromiseCommand;
}

function describePlacing(world: OrderingWorld): void {
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

    it('said again is the same order, by its id or by its key', async () => {
      await world.node('W1 A5');
      const idempotency = { key: 'k', fingerprint: 'f' };
      const first = await world.place('o', 'A2', { idempotency });
      expect(await world.place('o', 'A2', { idempotency })).toEqual({ ...first, isReplay: true });
      expect(await world.place('o', 'A1 A1', { paymentDueAt: NOW + 5 })).toEqual({ ...first, isReplay: true });
      expect(await world.place('o', 'A3')).toEqual({ outcome: 'key-reused', key: 'o' });
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
        shortages: [{ sku: 'A', requested: 2, available: 1 }],
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
      await world.promise({
        command: 'reserve',
        id: 'r',
        channel: DEFAULT_CHANNEL,
        owner: 'cart',
        expiresAt: NOW + 10,
        lines: linesOf('A2'),
        isPartial: false,
      });
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

    it('is none when its time is over, or when its id is an order of somebody else', async () => {
      await world.node('W1 A3');
      const reserve = (id: string) =>
        world.promise({
          command: 'reserve',
          id,
          channel: DEFAULT_CHANNEL,
          owner: 'cart',
          expiresAt: NOW + 10,
          lines: linesOf('A1'),
          isPartial: false,
        });
      await reserve('r');
      await reserve('s');
      await world.place('s', 'A1');
      expect(await world.promise({ command: 'confirm', reservation: 's' })).toEqual({
        outcome: 'key-reused',
        key: 's',
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
}

function describeServing(world: OrderingWorld): void {
  describe('from the promise to the parcel', () => {
    it('an order is done when all of it has been shipped', async () => {
      const node = await world.node('W1 A2 B1');
      await world.place('o', 'A2 B1');
      await world.pay('o');
      await world.settle();
      // From two bins: two facts of one SKU in one batch.
      node.ship('o.1', 'A', 1);
      node.ship('o.1', 'A', 1);
      await world.settle();
      expect(await world.units('o')).toEqual(['A: 2 ordered, 2 shipped', 'B: 1 ordered, 1 open']);
      node.ship('o.1', 'B', 1);
      await world.settle();
      expect(await world.order('o')).toMatchObject({ state: 'done' });
      expect((await world.order('o')).wakeAt).toBeUndefined();
      expect(await world.why('o')).toEqual([
        '2 of A and 1 of B: set aside until it is paid.',
        'Payment was authorised.',
        'W1 is to ship 2 of A and 1 of B.',
        'W1 shipped 2 of A.',
        'W1 shipped 1 of B.',
        'Everything that was to be shipped has been shipped.',
      ]);
    });

    it('a fact counts once, though its batch comes again, and only from the warehouse whose task it is', async () => {
      const node = await world.node('W1 A2');
      const other = await world.node('W2 B1');
      await world.place('o', 'A2');
      await world.pay('o');
      await world.settle();
      node.ship('o.1', 'A', 1);
      await world.settle();
      const { outcomes } = await world.store.applyBatches([node.log.verified(1, node.log.head)], NOW);
      expect(outcomes).toMatchObject([{ outcome: 'duplicate' }]);
      other.tasks.set('o.1', new Map([['A', 1]] as never));
      other.ship('o.1', 'A', 1);
      await world.settle();
      expect(await world.units('o')).toEqual(['A: 2 ordered, 1 open, 1 shipped']);
    });

    it('a cancellation gives back what has not left yet', async () => {
      const node = await world.node('W1 A3');
      await world.place('o', 'A3');
      await world.pay('o');
      await world.settle();
      // The parcel and the cancellation cross on their way.
      node.ship('o.1', 'A', 1);
      expect(await world.cancel('o')).toMatchObject({ outcome: 'order', order: { state: 'firm', isCancelling: true } });
      expect(await world.cancel('o')).toMatchObject({ outcome: 'order', isReplay: true });
      await world.settle();
      expect(await world.order('o')).toMatchObject({ state: 'done', isCancelling: true });
      expect(await world.units('o')).toEqual(['A: 3 ordered, 2 cancelled, 1 shipped']);
      expect(node.quantities('A')).toMatchObject({ onHand: 2, committed: 0, quota: 0 });
    });

    it('a cancellation before the node has heard of the task leaves nothing committed', async () => {
      const node = await world.node('W1 A3');
      await world.place('o', 'A3');
      await world.pay('o');
      await world.cancel('o');
      await world.settle();
      expect(await world.order('o')).toMatchObject({ state: 'cancelled' });
      expect(node.quantities('A')).toMatchObject({ onHand: 3, committed: 0, quota: 0 });
    });

    it('a cancellation after all was shipped comes too late', async () => {
      const node = await world.node('W1 A1');
      await world.place('o', 'A1');
      await world.pay('o');
      await world.settle();
      node.ship('o.1', 'A', 1);
      await world.settle();
      expect(await world.cancel('o')).toMatchObject({ outcome: 'too-late', state: 'done' });
    });
  });

  describe('what waits', () => {
    it('is served when units come, the oldest first, before anybody else can take them', async () => {
      const node = await world.node('W1 A1');
      for (const id of ['old', 'new']) {
        await world.place(id, 'A2', { onShortage: 'backorder' });
        await world.pay(id);
        world.now += 1;
      }
      expect(await world.units('old')).toEqual(['A: 2 ordered, 1 backordered, 1 open']);
      node.receive('A', 2);
      await node.tell(world.store, world.now);
      expect(await world.units('old')).toEqual(['A: 2 ordered, 2 open']);
      expect(await world.units('new')).toEqual(['A: 2 ordered, 1 backordered, 1 open']);
      expect(await world.place('late', 'A1')).toMatchObject({ outcome: 'insufficient' });
      expect(await world.why('old')).toContain('There are new units: 1 of A wait no longer.');
    });

    it('waits for its payment first', async () => {
      const node = await world.node('W1');
      await world.place('unpaid', 'A1', { onShortage: 'backorder' });
      await world.place('paid', 'A1', { onShortage: 'backorder' });
      await world.pay('paid');
      node.receive('A', 1);
      await node.tell(world.store, world.now);
      expect(await world.units('unpaid')).toEqual(['A: 1 ordered, 1 backordered']);
      expect(await world.units('paid')).toEqual(['A: 1 ordered, 1 open']);
    });

    it('gets what another order gives back, in the same transaction', async () => {
      await world.node('W1 A1');
      await world.place('first', 'A1');
      await world.place('second', 'A1', { onShortage: 'backorder' });
      await world.pay('second');
      await world.cancel('first');
      expect(await world.units('second')).toEqual(['A: 1 ordered, 1 open']);
    });

    it('is found by the sweeper where units come in another way', async () => {
      await world.node('W1 A1');
      const channel = { channel: DEFAULT_CHANNEL, buffer: 0 };
      await world.promise({ command: 'set-channel', record: { ...channel, warehouses: [] } });
      await world.place('o', 'A1', { onShortage: 'backorder' });
      await world.pay('o');
      await world.promise({ command: 'set-channel', record: { ...channel, warehouses: [warehouseOf('W1')] } });
      await world.sweep();
      expect(await world.units('o')).toEqual(['A: 1 ordered, 1 open']);
    });

    it('ends when its time is over', async () => {
      await world.place('o', 'A1', { onShortage: 'backorder' });
      await world.pay('o');
      world.now += centralLimits.orderServeWithinMs;
      await world.sweep();
      expect(await world.order('o')).toMatchObject({ state: 'cancelled' });
    });
  });
}

function describeFallingShort(world: OrderingWorld): void {
  describe('a short pick', () => {
    it('is served from elsewhere', async () => {
      const one = await world.node('W1 A2 B1');
      const two = await world.node('W2 A1 B1');
      await world.place('o', 'A2 B1');
      await world.pay('o');
      await world.settle();
      one.miss('o.1', 'A', 1);
      one.miss('o.1', 'B', 1);
      await world.settle();
      // Both in one task, since both were missed in one message.
      expect([...two.tasks.keys()]).toEqual(['o.2']);
      one.ship('o.1', 'A', 1);
      two.ship('o.2', 'A', 1);
      two.ship('o.2', 'B', 1);
      await world.settle();
      expect(await world.order('o')).toMatchObject({ state: 'done' });
    });

    it.each([
      ['cancel', 'A: 2 ordered, 1 cancelled, 1 open'],
      ['backorder', 'A: 2 ordered, 1 backordered, 1 open'],
    ] as const)('that nobody else can serve is left to the order: %s', async (onShortage, units) => {
      const node = await world.node('W1 A2');
      await world.place('o', 'A2', { onShortage });
      await world.pay('o');
      await world.settle();
      node.miss('o.1', 'A', 1);
      await world.settle();
      expect(await world.units('o')).toEqual([units]);
    });
  });

  describe('a deficit', () => {
    it('moves what is held for an order, and what its node is to ship, to where the goods are', async () => {
      const one = await world.node('W1 A4');
      await world.place('firm', 'A2');
      await world.pay('firm');
      await world.place('held', 'A2');
      await world.settle();
      const two = await world.node('W2 A3');
      one.lose('A', 3);
      await world.settle();
      // Three are missing: the two that are only held move; one of those to be shipped is asked back and served elsewhere.
      expect(await world.order('held')).toMatchObject({ lines: [{ holds: [{ warehouse: 'W2', quantity: 2 }] }] });
      expect(await world.units('firm')).toEqual(['A: 2 ordered, 2 open']);
      expect(two.tasks.get('firm.2')).toEqual(new Map([['A', 1]]));
      expect(one.quantities('A')).toMatchObject({ onHand: 1, committed: 1, quota: 0 });
      expect(await world.why('firm')).toEqual([
        '2 of A: set aside until it is paid.',
        'Payment was authorised.',
        'W1 is to ship 2 of A.',
        'W1 is asked not to ship 1 of A: it has too few left.',
        'W1 gave back 1 of A.',
        'W2 is to ship 1 of A.',
      ]);
    });

    it('asks nothing back twice, however often the node says that goods are missing', async () => {
      const node = await world.node('W1 A3 B1');
      await world.place('o', 'A3', { onShortage: 'backorder' });
      await world.pay('o');
      await world.settle();
      node.lose('A', 1);
      await node.tell(world.store, world.now);
      node.lose('A', 1);
      await node.tell(world.store, world.now);
      const { allocations } = await world.order('o');
      expect(allocations).toMatchObject([{ lines: [{ quantity: 3, releasing: 2 }] }]);
      await world.settle();
      expect(await world.units('o')).toEqual(['A: 3 ordered, 2 backordered, 1 open']);
      expect(node.quantities('A')).toMatchObject({ onHand: 1, committed: 1 });
    });

    it('that stays is looked at again when units asked back have come back', async () => {
      const node = await world.node('W1 A3');
      await world.place('o', 'A3');
      await world.pay('o');
      await world.settle();
      node.lose('A', 1);
      await node.tell(world.store, world.now);
      await node.hear(world.store);
      // The node gave one up, and lost another before it told.
      node.lose('A', 1);
      // The state goes ahead of its history: central counts one as on its way back that has come back already.
      await world.store.applyStates([node.log.stateMessage()], world.now);
      await world.settle();
      expect(await world.units('o')).toEqual(['A: 3 ordered, 2 cancelled, 1 open']);
      expect(node.quantities('A')).toMatchObject({ onHand: 1, committed: 1 });
    });
  });

  it('what a warehouse is late with is served from elsewhere', async () => {
    await world.node('W1 A1');
    await world.place('o', 'A1');
    await world.pay('o');
    await world.settle();
    const other = await world.node('W2 A1');
    world.now += centralLimits.orderShipWithinMs;
    await world.sweep();
    await world.settle();
    expect(other.tasks.get('o.2')).toEqual(new Map([['A', 1]]));
  });
}

function describeCrashing(world: OrderingWorld): void {
  it('goes on after a crash at any step', async () => {
    const steps: readonly ((one: PlayedNode, two: PlayedNode) => unknown)[] = [
      () => world.place('o', 'A3', { onShortage: 'backorder' }),
      () => world.pay('o'),
      () => world.settle(),
      (one) => one.miss('o.1', 'A', 1),
      () => world.settle(),
      (_, two) => two.receive('A', 1),
      () => world.settle(),
      (one) => one.ship('o.1', 'A', 1),
      () => world.settle(),
      () => world.cancel('o'),
      () => world.settle(),
    ];
    const one = await world.node('W1 A3');
    const two = await world.node('W2 B1');
    for (const step of steps) {
      await step(one, two);
      const before = await world.store.order('o');
      await world.reopen();
      expect(await world.store.order('o')).toEqual(before);
    }
    expect(await world.order('o')).toMatchObject({ state: 'done' });
    expect(await world.units('o')).toEqual(['A: 3 ordered, 2 cancelled, 1 shipped']);
    expect([one, two].map((node) => node.quantities('A').committed)).toEqual([0, 0]);
  });
}
