import { systemClock } from '@edgestock/shared/runtime/clock';
import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import type { FaultCase } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const FLOW_MS = 700;
const CUTS = 4;
/** Central asks its server by another connection, and tries some times, before it says that nobody is there. */
const NOTICED_WITHIN_MS = 150_000;
/** It waits a second for the store; the rest is for a crowded machine. */
const ANSWERED_WITHIN_MS = 10_000;

/**
 * The link between central and its database server is cut again and again, so that some commits are never answered; then it stays
 * open and carries nothing. Central notices, says so, and goes on when it is healed.
 */
export const databaseLink: FaultCase = {
  rows: [65],
  name: 'database-link',
  needs: ['postgres'],
  run: (lab) =>
    inWorld({ ...lab, store: 'postgres' }, {}, async (world) => {
      const { link } = world.database;
      for (let cuts = 0; cuts < CUTS; cuts += 1) {
        await world.traffic.flow(FLOW_MS);
        link.cut();
        await world.traffic.flow(FLOW_MS);
        link.heal();
      }
      await world.traffic.flow(FLOW_MS);
      const noticed: string[] = [];
      for (const swallows of ['downstream', 'both'] as const) {
        link.link = { state: 'half-open', swallows };
        const since = systemClock.monotonicMs();
        await until(async () => !(await isIngesting(world.centralUrl)), NOTICED_WITHIN_MS, 'central notices');
        noticed.push(((systemClock.monotonicMs() - since) / 1_000).toFixed(0));
        link.heal();
        await until(() => isIngesting(world.centralUrl), NOTICED_WITHIN_MS, 'central goes on');
      }
      return `${CUTS} cuts; deaf, noticed after ${noticed.join(' and ')} s: ${await world.judged()}`;
    }),
};

async function isIngesting(centralUrl: string): Promise<boolean> {
  const { status, body } = await requestJson(`${centralUrl}/v1/status`, { timeoutMs: ANSWERED_WITHIN_MS });
  return status === 200 && (body as { readonly ingest: { readonly isUp: boolean } }).ingest.isUp;
}
