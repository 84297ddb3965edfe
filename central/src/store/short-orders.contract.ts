import { describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { type OrderingWorld, PAYMENT_MS } from './ordering-world.contract.ts';

/** What becomes of orders whose warehouse does not have what it promised, or does not send it. */
export function describeFallingShort(world: OrderingWorld): void {
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

  describe('a parcel that left before its cancellation was heard of', () => {
    it('is in the history of the cancelled order, and whoever has its units now is served from elsewhere', async () => {
      const one = await world.node('W1 A2');
      await world.place('cancelled', 'A2');
      await world.pay('cancelled');
      await world.settle();
      await world.cancel('cancelled');
      await world.settle();
      expect(await world.order('cancelled')).toMatchObject({ state: 'cancelled' });
      one.grant('A', 2);
      await world.settle();
      await world.place('next', 'A2');
      await world.pay('next');
      await world.settle();
      expect(one.tasks.get('next.1')).toEqual(new Map([['A', 2]]));
      const two = await world.node('W2 A2');
      one.shipLate('cancelled.1', 'A', 2);
      await world.settle();
      expect(await world.order('cancelled')).toMatchObject({ state: 'cancelled' });
      expect((await world.why('cancelled')).at(-1)).toBe(
        'W1 shipped 2 of A although it had given them up: please look into it.',
      );
      expect(two.tasks.get('next.2')).toEqual(new Map([['A', 2]]));
      expect(one.quantities('A')).toMatchObject({ onHand: 0, committed: 0 });
      // Told once: nothing is left to say, and the log goes on.
      one.receive('A', 1);
      await world.settle();
      expect((await world.order('cancelled')).history.filter(({ step }) => step === 'mismatch')).toHaveLength(1);
    });

    it('may have been packed with the part that was taken back: the history tells how many left all the same', async () => {
      const one = await world.node('W1 A4');
      await world.node('W2 A2');
      await world.place('o', 'A4');
      await world.pay('o');
      await world.settle();
      expect(one.tasks.get('o.1')).toEqual(new Map([['A', 4]]));
      // Two of them were sold at a till, and another warehouse has two; the parcel of four leaves all the same.
      one.receive('A', -2);
      await world.settle();
      expect(one.tasks.get('o.1')).toEqual(new Map([['A', 2]]));
      one.ship('o.1', 'A', 2);
      one.shipLate('o.1', 'A', 2);
      await world.settle();
      expect((await world.why('o')).slice(-2)).toEqual([
        'W1 shipped 2 of A.',
        'W1 shipped 2 of A although it had given them up: please look into it.',
      ]);
    });

    it('may be told of in the same batch as the release', async () => {
      const one = await world.node('W1 A2');
      await world.place('o', 'A2');
      await world.pay('o');
      await world.settle();
      await world.cancel('o');
      await one.hear(world.store);
      one.shipLate('o.1', 'A', 2);
      await world.settle();
      expect(await world.order('o')).toMatchObject({ state: 'cancelled' });
      expect((await world.why('o')).slice(-2)).toContain(
        'W1 shipped 2 of A although it had given them up: please look into it.',
      );
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
      expect(await world.why('held')).toContain('W1 does not have 2 of A any more: another warehouse keeps them now.');
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

    it('takes from the newest order first', async () => {
      const node = await world.node('W1 A2');
      for (const id of ['old', 'new']) {
        await world.place(id, 'A1');
        await world.pay(id);
      }
      await world.settle();
      node.lose('A', 1);
      await world.settle();
      expect(await world.order('old')).toMatchObject({ state: 'firm' });
      expect(await world.order('new')).toMatchObject({ state: 'cancelled' });
    });

    it('that stays moves as soon as another warehouse has the goods, before those who wait', async () => {
      const one = await world.node('W1 A2');
      await world.place('o', 'A2');
      one.lose('A', 2);
      await world.settle();
      await world.place('waits', 'A1', { onShortage: 'backorder' });
      await world.pay('waits');
      const two = await world.node('W2 A1');
      expect(await world.order('o')).toMatchObject({
        lines: [
          {
            holds: [
              { warehouse: 'W1', quantity: 1 },
              { warehouse: 'W2', quantity: 1 },
            ],
          },
        ],
      });
      two.receive('A', 2);
      await world.settle();
      expect(await world.units('o')).toEqual(['A: 2 ordered, 2 held']);
      expect(await world.units('waits')).toEqual(['A: 1 ordered, 1 open']);
      expect(one.quantities('A')).toMatchObject({ onHand: 0, quota: 0 });
    });

    it('gets the units of an order whose time is over, also those that nobody asked it for', async () => {
      const node = await world.node('W1 A2 B2');
      await world.place('late', 'A1 B1');
      await world.settle();
      node.lose('B', 2);
      await world.settle();
      world.now += PAYMENT_MS;
      // Looked at for the sake of A; its B is free from here on, and misses its goods.
      node.lose('A', 2);
      await node.tell(world.store, world.now);
      expect(await world.order('late')).toMatchObject({ payment: 'timed-out' });
      expect(await world.available('B')).toBe(0);
      await world.settle();
      expect([node.quantities('A'), node.quantities('B')]).toMatchObject([{ quota: 0 }, { quota: 0 }]);
    });

    it('is covered by another task when the one that was asked back was shipped all the same', async () => {
      const node = await world.node('W1 A2');
      for (const id of ['old', 'new']) {
        await world.place(id, 'A1');
        await world.pay(id);
      }
      await world.settle();
      node.lose('A', 1);
      await node.tell(world.store, world.now);
      // It has not heard of it.
      node.ship('new.1', 'A', 1);
      await world.settle();
      expect(await world.order('new')).toMatchObject({ state: 'done' });
      expect(await world.order('old')).toMatchObject({ state: 'cancelled' });
      expect(node.quantities('A')).toMatchObject({ onHand: 0, committed: 0 });
    });

    it('that stays gets the units of an order that ends, before anybody else', async () => {
      const node = await world.node('W1 A2');
      await world.place('o', 'A2');
      node.lose('A', 2);
      await world.settle();
      // Nobody else has them: they stay held, in the hope of goods.
      expect(await world.units('o')).toEqual(['A: 2 ordered, 2 held']);
      await world.cancel('o');
      expect(await world.available('A')).toBe(0);
      await world.settle();
      expect(node.quantities('A')).toMatchObject({ onHand: 0, quota: 0, returned: 2 });
    });

    it('ends an order that was not paid in time, and takes no more than what is missing', async () => {
      const node = await world.node('W1 A2');
      await world.place('o', 'A2');
      world.now += PAYMENT_MS;
      node.lose('A', 1);
      await node.tell(world.store, world.now);
      expect(await world.order('o')).toMatchObject({ state: 'cancelled', payment: 'timed-out' });
      expect(await world.available('A')).toBe(1);
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
