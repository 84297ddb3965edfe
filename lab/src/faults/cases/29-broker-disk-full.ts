import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CentralApi } from '../../api/central-api.ts';
import { EdgeApi } from '../../api/edge-api.ts';
import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { healedBy } from '../world/healed.ts';
import { inWorld, type World } from '../world/world.ts';

const DISK_MEGABYTES = 24;
const FULL_MS = 3_000;
/** Central sees that nothing gets through, tries the broker out, and makes its stream anew. */
const RESUMES_WITHIN_MS = 120_000;
const PATIENCE_MS = 10_000;
const SAID_WITHIN_MS = 60_000;
/** That the broker takes nothing, or that it does not even carry a heartbeat. */
const NOTHING_THROUGH = /nothing gets through|slow or cut off/;
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
        async () => `resumed by itself${await healedBy(world.centralUrl)}`,
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

/**
 * A release of the broker that answers nothing more until it is started again, here with an empty disk. Node and central must say
 * that nothing gets through, and what helps.
 */
async function restarted({ node, broker, centralUrl }: World): Promise<string> {
  const { body } = await requestJson(`${node.url}/v1/status`);
  const { state, hint } = body as { readonly state: string; readonly hint?: string };
  hold(
    state !== 'live' && NOTHING_THROUGH.test(String(hint)),
    `the node says ${state} (${hint}) of a broker that is stuck`,
  );
  const isSaid = async () => {
    const { body: central } = await requestJson(`${centralUrl}/v1/status`);
    const { ingest } = central as { readonly ingest: { readonly state: string; readonly hint?: string } };
    return ingest.state === 'stream-stuck' && /^Restart nats-server/.test(String(ingest.hint));
  };
  await until(isSaid, SAID_WITHIN_MS, 'central says that the broker is stuck, and what helps');
  await broker.victim.stop();
  await broker.victim.start();
  return 'the broker took nothing until it was started again, as node and central said; then all came anew';
}
