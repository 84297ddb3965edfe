import { until } from '../../testing/running-command.ts';
import type { FaultCase } from '../fault-case.ts';
import { failing } from '../world/strace.ts';
import { inWorld } from '../world/world.ts';

/** Of so many fsyncs one fails; opening a database takes some of them as well. */
const EVERY = 37;
const FLOW_MS = 2_000;
const OPENED_AGAIN_WITHIN_MS = 30_000;

/**
 * An fsync fails, again and again. The node fails what waited for it, closes its database, checks it, opens it again and goes on;
 * nothing it replied is missing, and what it could not tell is there whole or not at all.
 */
export const diskFailsUnderNode: FaultCase = {
  rows: [3],
  name: 'disk-fails-under-node',
  needs: ['strace'],
  run: (lab) =>
    inWorld(lab, { nodeUnder: () => failing('fsync,fdatasync', `error=EIO:when=${EVERY}+${EVERY}`) }, async (world) => {
      const count = (event: string) => world.node.victim.said.filter((line) => line.includes(event)).length;
      await until(() => count('opened again"') > 0, OPENED_AGAIN_WITHIN_MS, 'the database was opened again');
      await world.traffic.flow(FLOW_MS);
      const failures = count('the disk failed under a write');
      return `${failures} failed fsyncs: ${await world.judged({ isVerified: true })}`;
    }),
};
