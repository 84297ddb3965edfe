import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { CabledHost } from '../world/cabled-host.ts';
import { inWorld } from '../world/world.ts';

/** Two pings that nobody answered, and the pause before them. */
const NOTICED_WITHIN_MS = 60_000;
/** Tills that were answered while the cable was out. */
const SERVED = 200;

/** The cable between a node and broker and central is pulled: every packet is lost, and nobody is told. Tills go on. */
export const cablePulled: FaultCase = {
  rows: [20, 21],
  name: 'cable-pulled',
  needs: ['network-namespace'],
  run: async (lab) => {
    const host = CabledHost.make();
    try {
      return await inWorld(lab, { host }, async (world) => {
        const status = async () =>
          (await requestJson(`${world.node.url}/v1/status`)).body as {
            readonly state: string;
            readonly backlog: number;
          };
        host.pull();
        await until(async () => (await status()).state !== 'live', NOTICED_WITHIN_MS, 'the node notices');
        const before = world.history.count('ok');
        await until(() => world.history.count('ok') > before + SERVED, NOTICED_WITHIN_MS, 'tills are served');
        hold((await status()).backlog > 0, 'central cannot have what was sold meanwhile');
        host.plugInAgain();
        return world.judged({ isVerified: true });
      });
    } finally {
      host.remove();
    }
  },
};
