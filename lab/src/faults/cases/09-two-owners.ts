import { runCommand } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

/** A second process is started on the data directory of a node, and of central where that has a file, that run: it is refused, they run on. */
export const twoOwners: FaultCase = {
  rows: [9, 43],
  name: 'two-owners',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      const { directory, warehouse } = world.node;
      const nowhere = ['--port', '0', '--nats', 'nats://127.0.0.1:1'];
      for (const line of [
        ['edge', '--warehouse', warehouse, '--data-dir', directory],
        // A server has no owner: several centrals are meant to share it.
        ...(lab.store === 'sqlite' ? [['central', '--data-dir', `${lab.directory}/central`]] : []),
      ]) {
        const { code, stderr } = await runCommand(...line, ...nowhere);
        hold(code === 1, `a second ${line[0]} ended with ${code}`);
        hold(stderr.includes('another process owns this data directory'), `a second ${line[0]} says: ${stderr}`);
      }
      return `refused: ${await world.judged({ isVerified: true })}`;
    }),
};
