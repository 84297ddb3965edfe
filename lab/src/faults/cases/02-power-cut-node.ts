import { systemRandom } from '@edgestock/shared/runtime/random';
import type { FaultCase } from '../fault-case.ts';
import { PowerCutDisk } from '../world/power-cut-disk.ts';
import { inWorld } from '../world/world.ts';

const CUTS = 2;
const BETWEEN_MS = 800;
const DISK_MEGABYTES = 96;

/** The power of the node fails in the middle of sales. What it replied was durable. */
export const powerCutNode: FaultCase = {
  rows: [2],
  name: 'power-cut-node',
  needs: ['loop-image'],
  run: async (lab) => {
    const disk = await PowerCutDisk.make(lab.directory, DISK_MEGABYTES);
    return inWorld(lab, { nodeUnder: () => disk.under, nodesBelow: disk.mountPoint }, async (world) => {
      for (let cuts = 0; cuts < CUTS; cuts += 1) {
        await world.traffic.flow(BETWEEN_MS * (0.5 + systemRandom.fraction()));
        await disk.cut(world.node.victim);
        await world.node.victim.start();
      }
      return `${CUTS} power cuts: ${await world.judged({ isVerified: true })}`;
    });
  },
};
