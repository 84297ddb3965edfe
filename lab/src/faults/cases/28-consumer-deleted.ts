import type { FaultCase } from '../fault-case.ts';
import { atBroker, streamsAndConsumers } from '../world/jetstream.ts';
import { inWorld } from '../world/world.ts';

/** Every consumer is deleted under traffic, central's and the node's. */
export const consumerDeleted: FaultCase = {
  rows: [28],
  name: 'consumer-deleted',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      await world.traffic.flow(1_200);
      const deleted = await atBroker(world.broker.port, async (hand) => {
        let count = 0;
        for (const [stream, names] of await streamsAndConsumers(hand)) {
          for (const name of names) await hand.manager.consumers.delete(stream, name);
          count += names.length;
        }
        return count;
      });
      await world.traffic.flow(1_200);
      return `${deleted} deleted: ${await world.judged()}`;
    }),
};
