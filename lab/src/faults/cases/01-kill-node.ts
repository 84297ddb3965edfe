import { systemRandom } from '@edgestock/shared/runtime/random';
import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const KILLS = 3;
const BETWEEN_MS_MAX = 600;

/** The node dies in the middle of sales, again and again. What it replied is in its log, once. */
export const killNode: FaultCase = {
  rows: [1],
  name: 'kill-node',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      for (let kills = 0; kills < KILLS; kills += 1) {
        await world.traffic.flow(100 + systemRandom.fraction() * BETWEEN_MS_MAX);
        await world.node.victim.kill();
        await world.node.victim.start();
      }
      return `${KILLS} kills: ${await world.judged({ isVerified: true })}`;
    }),
};
