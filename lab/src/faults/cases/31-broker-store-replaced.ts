import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultCase } from '../fault-case.ts';
import { inWorld, type World } from '../world/world.ts';

/** The broker comes back with an old copy of its store, and then with none at all: sequences go back, messages replay. */
export const brokerStoreReplaced: FaultCase = {
  rows: [26, 31],
  name: 'broker-store-replaced',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      const { victim, storeDirectory } = world.broker;
      const backup = join(lab.directory, 'old-store');
      await world.traffic.flow(700);
      await restarted(world, () => cp(storeDirectory, backup, { recursive: true }));
      await world.traffic.flow(1_500);
      await restarted(world, async () => {
        await rm(storeDirectory, { recursive: true });
        await cp(backup, storeDirectory, { recursive: true });
      });
      await world.traffic.flow(1_000);
      await restarted(world, () => rm(storeDirectory, { recursive: true }));
      return `an old copy, then none (${victim.pid}): ${await world.judged()}`;
    }),
};

async function restarted({ broker: { victim } }: World, meanwhile: () => Promise<void>): Promise<void> {
  await victim.stop();
  await meanwhile();
  await victim.start();
}
