import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const EACH_MS = 3_500;

/** The link swallows what the node sends, then what it is sent: acknowledgements and answers are lost while the rest goes on. */
export const oneWayCuts: FaultCase = {
  rows: [20],
  name: 'one-way-cuts',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      const { link } = world.node;
      for (const swallows of ['upstream', 'downstream'] as const) {
        link.link = { state: 'half-open', swallows };
        await world.traffic.flow(EACH_MS);
        link.heal();
        await world.traffic.flow(300);
      }
      return world.judged();
    }),
};
