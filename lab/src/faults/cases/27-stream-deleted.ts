import { DOWN_STREAM, UP_STREAM } from '@edgestock/shared/protocol/subjects';
import type { FaultCase } from '../fault-case.ts';
import { atBroker } from '../world/jetstream.ts';
import { inWorld } from '../world/world.ts';

/** Both streams are deleted under traffic. Central makes them again, the nodes send again. */
export const streamDeleted: FaultCase = {
  rows: [27],
  name: 'stream-deleted',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      await world.traffic.flow(1_200);
      await atBroker(world.broker.port, async ({ manager }) => {
        for (const stream of [UP_STREAM, DOWN_STREAM]) await manager.streams.delete(stream);
      });
      await world.traffic.flow(1_200);
      return world.judged();
    }),
};
