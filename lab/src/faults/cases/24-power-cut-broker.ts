import type { FaultCase } from '../fault-case.ts';
import { PowerCutDisk } from '../world/power-cut-disk.ts';
import { inWorld } from '../world/world.ts';

const BETWEEN_MS = 1_500;
const DISK_MEGABYTES = 128;

/**
 * The power of the broker fails, and what it had acknowledged is gone: first with central reading along, then while central is
 * away, so that nobody but the nodes has what is lost.
 */
export const powerCutBroker: FaultCase = {
  rows: [24],
  name: 'power-cut-broker',
  needs: ['loop-image'],
  run: async (lab) => {
    const disk = await PowerCutDisk.make(lab.directory, DISK_MEGABYTES);
    return inWorld(lab, { brokerUnder: disk.under, brokerStore: `${disk.mountPoint}/store` }, async (world) => {
      await world.traffic.flow(BETWEEN_MS);
      await disk.cut(world.broker.victim);
      await world.broker.victim.start();
      await world.central.kill();
      await world.traffic.flow(BETWEEN_MS);
      await disk.cut(world.broker.victim);
      await world.broker.victim.start();
      await world.central.start();
      return `2 power cuts: ${await world.judged()}`;
    });
  },
};
