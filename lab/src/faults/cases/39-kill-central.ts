import { systemRandom } from '@edgestock/shared/runtime/random';
import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const KILLS = 3;
const BETWEEN_MS_MAX = 700;

/** Central dies between a commit and its acknowledgement, or in the middle of promises; again and again. */
export const killCentral: FaultCase = {
  rows: [39, 42],
  name: 'kill-central',
  needs: [],
  run: (lab) =>
    inWorld(lab, { warehouses: ['BER1', 'HAM1'] }, async (world) => {
      for (let kills = 0; kills < KILLS; kills += 1) {
        await world.traffic.flow(100 + systemRandom.fraction() * BETWEEN_MS_MAX);
        await world.central.kill();
        await world.central.start();
      }
      return `${KILLS} kills: ${await world.judged()}`;
    }),
};
