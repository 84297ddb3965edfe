import type { FaultCase } from '../fault-case.ts';
import { PowerCutDisk } from '../world/power-cut-disk.ts';
import { inWorld } from '../world/world.ts';

const FLOW_MS = 1_500;
const DISK_MEGABYTES = 128;

/** The power of central fails in the middle of ingest and promises. What it replied is held, what it applied is asked for again. */
export const powerCutCentral: FaultCase = {
  rows: [42],
  name: 'power-cut-central',
  needs: ['loop-image'],
  notOnPostgres: 'about a store that is a file; power-cut-database is the same of a server',
  run: async (lab) => {
    const disk = await PowerCutDisk.make(lab.directory, DISK_MEGABYTES);
    return inWorld(lab, { centralUnder: disk.under, centralBelow: disk.mountPoint }, async (world) => {
      await world.traffic.flow(FLOW_MS);
      await disk.cut(world.central);
      await world.central.start();
      return world.judged();
    });
  },
};
