import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const KILLS = 4;
const BETWEEN_MS = 500;

/** The broker dies with publishes under way, again and again. */
export const killBroker: FaultCase = {
  rows: [23],
  name: 'kill-broker',
  needs: [],
  run: (lab) =>
    inWorld(lab, { warehouses: ['BER1', 'HAM1'] }, async (world) => {
      for (let kills = 0; kills < KILLS; kills += 1) {
        await world.traffic.flow(BETWEEN_MS);
        await world.broker.victim.kill();
        await world.broker.victim.start();
      }
      return `${KILLS} kills: ${await world.judged()}`;
    }),
};
