import { describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import { skuOf, warehouseOf } from '../testing/node-log.ts';
import { NOW } from './contract-fixture.contract.ts';
import type { OrderingWorld } from './ordering-world.contract.ts';

/** From a firm order to the parcel, and back. */
export function describeServing(world: OrderingWorld): void {
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

    it('a fact counts once, though its batch comes again', async () => {
      const node = await world.node('W1 A2');
      await world.place('o', 'A2');
      await world.pay('o');
      await world.settle();
      node.ship('o.1', 'A', 1);
      await world.settle();
      const { outcomes } = await world.store.applyBatches([node.log.verified(1, node.log.head)], NOW);
      expect(outcomes).toMatchObject([{ outcome: 'duplicate' }]);
      expect(await world.units('o')).toEqual(['A: 2 ordered, 1 open, 1 shipped']);
    });

    it('a fact counts only from the warehouse whose task it is', async () => {
      await world.node('W1 A1');
      await world.place('o', 'A1');
      const other = await world.node('W2 A1');
      await world.place('p', 'A1');
      for (const id of ['o', 'p']) await world.pay(id);
      await world.settle();
      // It has one to ship, and says that it was for the other's task.
      expect([...other.tasks.keys()]).toEqual(['p.1']);
      other.tasks.set('o.1', new Map([[skuOf('A'), 1]]));
      other.ship('o.1', 'A', 1);
      await world.settle();
      expect(await world.units('o')).toEqual(['A: 1 ordered, 1 open']);
      expect((await world.store.stats()).quarantined).toBe(0);
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
