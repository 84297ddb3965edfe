import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi } from '../../api/edge-api.ts';
import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { inWorld, type World } from '../world/world.ts';

const DISK_MEGABYTES = 24;
const FULL_MS = 3_000;
const RESUMES_WITHIN_MS = 20_000;
const PATIENCE_MS = 10_000;
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
      const { sequence } = await new EdgeApi(world.node.url, { patienceMs: PATIENCE_MS }).status();
      const isMoving = until(() => hasApplied(world, sequence), RESUMES_WITHIN_MS, 'it resumes by itself');
      const how = await isMoving.then(
        () => 'resumed by itself',
        () => restarted(world),
      );
      return `${how}: ${await world.judged()}`;
    });
  },
};

/** Central has the log up to there. */
async function hasApplied({ node, centralUrl }: World, sequence: number): Promise<boolean> {
  const applied = await new CentralApi(centralUrl).appliedByWarehouse();
  return (applied.get(node.warehouse) ?? 0) >= sequence;
}

/** Some releases of the broker take nothing more until they are started again, here with an empty disk. The node must say that nothing gets through. */
async function restarted({ node, broker }: World): Promise<string> {
  const { body } = await requestJson(`${node.url}/v1/status`);
  hold(
    /nothing gets through/.test(String((body as { hint?: string }).hint)),
    'the node does not say that nothing gets through',
  );
  await broker.victim.stop();
  await broker.victim.start();
  return 'the broker took nothing until it was started again, as the node said; then all came anew';
}
