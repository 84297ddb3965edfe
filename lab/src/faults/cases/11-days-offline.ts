import { systemClock } from '@edgestock/shared/runtime/clock';
import { CentralApi } from '../../api/central-api.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { attempt } from '../traffic/attempt.ts';
import { inWorld } from '../world/world.ts';

const DOCUMENTS = 500;
const LINES = 1_000;
const CAUGHT_UP_WITHIN_MS = 600_000;

/** Half a million movements without a link, then the link: answers are right in seconds, the history behind them in its time. */
export const daysOffline: FaultCase = {
  rows: [11],
  name: 'days-offline',
  needs: [],
  isLong: true,
  run: (lab) =>
    inWorld(lab, {}, async (world) => {
      const { link, url, warehouse } = world.node;
      link.cut();
      for (let number = 0; number < DOCUMENTS; number += 1) {
        const id = `pallet-${number}`;
        const lines = Array.from({ length: LINES }, (_, index) => ({
          sku: `bulk-${(number * 7 + index) % 5_000}`,
          quantity: 1,
        }));
        const changes = lines.map(({ sku }) => ({ sku, units: 1 }));
        const request = { body: { kind: 'receive', document: id, lines }, key: id, timeoutMs: 30_000 };
        const operation = { id, door: 'node', warehouse, changes } as const;
        const { ending } = await attempt(world.history, operation, { url: `${url}/v1/movements`, request });
        hold(ending === 'ok', `${id} was not recorded: ${ending}`);
      }
      await world.traffic.stop();
      link.heal();
      const healedAt = systemClock.monotonicMs();
      const seconds = () => ((systemClock.monotonicMs() - healedAt) / 1_000).toFixed(1);
      const central = new CentralApi(world.centralUrl);
      const goal = DOCUMENTS * LINES;
      const last = `bulk-${((DOCUMENTS - 1) * 7) % 5_000}`;
      await until(
        async () => (await onHandOf(central, last)) >= (DOCUMENTS * LINES) / 5_000 - 1,
        60_000,
        'the last article is right',
      );
      const rightAfter = seconds();
      const isCaughtUp = async () => ((await central.appliedByWarehouse()).get(warehouse) ?? 0) > goal;
      await until(isCaughtUp, CAUGHT_UP_WITHIN_MS, 'central has the whole history');
      return `an article right after ${rightAfter} s, history after ${seconds()} s: ${await world.judgedAtRest()}`;
    }),
};

async function onHandOf(central: CentralApi, sku: string): Promise<number> {
  const answer = await central.availability(sku).catch(() => ({ warehouses: [] }));
  return answer.warehouses.reduce((sum, { onHand }) => sum + onHand, 0);
}
