import { systemRandom } from '@edgestock/shared/runtime/random';
import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const KILLS = 3;
const BETWEEN_MS_MAX = 700;
const AWAY_MS_MAX = 1_500;

/** Central's database server dies in the middle of ingest and promises, and is back after a while; again and again. */
export const killDatabase: FaultCase = {
  rows: [64],
  name: 'kill-database',
  needs: ['postgres'],
  run: (lab) =>
    inWorld({ ...lab, store: 'postgres' }, { warehouses: ['BER1', 'HAM1'] }, async (world) => {
      for (let kills = 0; kills < KILLS; kills += 1) {
        await world.traffic.flow(100 + systemRandom.fraction() * BETWEEN_MS_MAX);
        await world.database.kill();
        await world.traffic.flow(systemRandom.fraction() * AWAY_MS_MAX);
        await world.database.start();
      }
      return `${KILLS} kills: ${await world.judged()}`;
    }),
};
