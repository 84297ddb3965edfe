import { until } from '../../testing/running-command.ts';
import type { FaultCase } from '../fault-case.ts';
import { failing } from '../world/strace.ts';
import { inWorld } from '../world/world.ts';

/** So many writes fail in a row; strace counts them from the start of the process. */
const FIRST = 400;
const LAST = 420;
const RESUMED_WITHIN_MS = 30_000;

/** The disk has no room for a while, whatever is being written. Sales are refused, and taken again without anybody's help. */
export const diskRefusesWrites: FaultCase = {
  rows: [4],
  name: 'disk-refuses-writes',
  needs: ['strace'],
  run: (lab) =>
    inWorld(lab, { nodeUnder: () => failing('pwrite64', `error=ENOSPC:when=${FIRST}..${LAST}`) }, async (world) => {
      const said = (event: string) => world.node.victim.said.some((line) => line.includes(event));
      await until(() => said('writes are failing'), RESUMED_WITHIN_MS, 'writes are refused');
      await until(() => said('writes work again'), RESUMED_WITHIN_MS, 'writes work again');
      return `refused and resumed: ${await world.judged({ isVerified: true })}`;
    }),
};
