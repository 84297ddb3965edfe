import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const DISK_MEGABYTES = 24;
const FULL_MS = 3_000;
const MOUNT_AND_RUN = `mount -t tmpfs -o size=${DISK_MEGABYTES}m none "$0" && exec "$@"`;
const run = promisify(execFile);

/** The disk of the broker is full: it neither takes nor says much. Nodes sell on, and everything arrives when there is room. */
export const brokerDiskFull: FaultCase = {
  rows: [29],
  name: 'broker-disk-full',
  needs: ['mount'],
  run: async (lab) => {
    const disk = lab.directory;
    const brokerStore = join(disk, 'broker-store');
    await run('mkdir', ['-p', brokerStore]);
    const brokerUnder = ['unshare', '-m', 'sh', '-c', MOUNT_AND_RUN, brokerStore] as const;
    return inWorld(lab, { brokerUnder, brokerStore: join(brokerStore, 'store') }, async (world) => {
      const ballast = join(`/proc/${world.broker.victim.pid}/root`, brokerStore, 'ballast');
      // Ends when the disk is full: that is no failure.
      await run('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=4096']).catch(() => 'the disk is full');
      await world.traffic.flow(FULL_MS);
      await rm(ballast);
      return world.judged();
    });
  },
};
