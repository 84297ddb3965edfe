import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlayedNode } from '../testing/played-node.ts';
import type { OpenStore } from './contract-fixture.contract.ts';
import { conservesUnits } from './ordering-property.contract.ts';
import { OrderingWorld } from './ordering-world.contract.ts';
import { describePlacing } from './placing-orders.contract.ts';
import { describeRestoring } from './restoring.contract.ts';
import { describeServing } from './serving-orders.contract.ts';
import { describeFallingShort } from './short-orders.contract.ts';

/** Orders from the first promise to the parcel, and every way back, on a store and nodes that play along. */
export function describeOrdering(name: string, open: OpenStore): void {
  describe(name, () => {
    const world = new OrderingWorld();
    beforeEach(() => world.open(open));
    afterEach(() => world.close());
    describePlacing(world);
    describeServing(world);
    describeFallingShort(world);
    describeCrashing(world);
    describeRestoring(world);
  });
  conservesUnits(open);
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
