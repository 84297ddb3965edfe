import type { FaultCase } from '../fault-case.ts';
import { PowerCutDisk } from '../world/power-cut-disk.ts';
import { inWorld } from '../world/world.ts';

const FLOW_MS = 1_500;
const DISK_MEGABYTES = 256;
const CUTS = 2;

/** The power of central's database server fails, and central goes on without it. What central replied is held. */
export const powerCutDatabase: FaultCase = {
  rows: [64],
  name: 'power-cut-database',
  needs: ['postgres', 'loop-image'],
  run: async (lab) => {
    const disks: PowerCutDisk[] = [];
    const databaseMovedTo = async (directory: string) => {
      const disk = await PowerCutDisk.make(lab.directory, DISK_MEGABYTES, directory);
      disks.push(disk);
      return { under: disk.under, directory: disk.mountPoint };
    };
    return inWorld({ ...lab, store: 'postgres' }, { databaseMovedTo }, async (world) => {
      for (let cuts = 0; cuts < CUTS; cuts += 1) {
        await world.traffic.flow(FLOW_MS);
        for (const disk of disks) await disk.cut(world.database);
        await world.database.start();
      }
      return `${CUTS} power cuts: ${await world.judged()}`;
    });
  },
};
