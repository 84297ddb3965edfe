import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const ROUNDS = 4;
const MUTE_MS = 350;

/** Requests reach the node and their answers do not, so that tills send the same again: one sale each. */
export const repliesCut: FaultCase = {
  rows: [56],
  name: 'replies-cut',
  needs: [],
  run: (lab) =>
    inWorld(lab, { throughDoor: true }, async (world) => {
      const { door } = world.node;
      for (let round = 0; round < ROUNDS; round += 1) {
        await world.traffic.flow(400);
        door.link = { state: 'half-open', swallows: 'downstream' };
        await world.traffic.flow(MUTE_MS);
        door.heal();
      }
      return world.judged({ isVerified: true });
    }),
};
