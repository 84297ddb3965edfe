import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

/** Two pings that nobody answered, and the pause before them. */
const NOTICED_WITHIN_MS = 60_000;

/** The link stays open and carries nothing. The node notices, says so, and goes on when it is healed. */
export const halfOpen: FaultCase = {
  rows: [21],
  name: 'half-open',
  needs: [],
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      const { link, url } = world.node;
      link.link = { state: 'half-open', swallows: 'both' };
      const status = async () => (await requestJson(`${url}/v1/status`)).body as { readonly state: string };
      await until(async () => (await status()).state !== 'live', NOTICED_WITHIN_MS, 'the node notices');
      link.heal();
      return world.judged();
    }),
};
