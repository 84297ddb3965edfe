import { requestJson } from '../../api/json-request.ts';
import { until } from '../../testing/running-command.ts';
import { type FaultCase, hold } from '../fault-case.ts';
import { WallClock } from '../world/wall-clock.ts';
import { inWorld, type World } from '../world/world.ts';

const DAY_MS = 24 * 3_600_000;
const FLOW_MS = 2_000;
const TOLD_WITHIN_MS = 20_000;
const SKU = 'kept-1';
const HOUR_SECONDS = 3_600;
const MOMENT_SECONDS = 3;
/** A machine under load; a day is far from it. */
const TOLERANCE_MS = 60_000;

/**
 * Somebody sets the clock of a node a day ahead, and then a day back. Sales go on and stay in order, what is set aside for an hour
 * neither ends at once nor lasts for a day more, and both ends say that the clock is wrong.
 */
export const clockJumps: FaultCase = {
  rows: [17],
  name: 'clock-jumps',
  needs: [],
  run: (lab) => {
    const clock = new WallClock(lab.directory);
    return inWorld(lab, { nodeUnder: () => clock.under }, async (world) => {
      await world.receive('kept', [{ sku: SKU, quantity: 9 }]);
      await reserve(world, 'hour', HOUR_SECONDS);
      const seen: string[] = [];
      for (const [words, offsetMs] of [
        ['ahead', DAY_MS],
        ['back', -DAY_MS],
        ['right', 0],
      ] as const) {
        const moment = `moment-${words}`;
        await reserve(world, moment, MOMENT_SECONDS);
        clock.set(offsetMs);
        const okBefore = world.history.count('ok');
        await world.traffic.flow(FLOW_MS);
        hold(world.history.count('ok') > okBefore, `nobody was served with a clock that was set ${words}`);
        await until(
          async () => isNear(await skewMs(world), offsetMs),
          TOLD_WITHIN_MS,
          `central says the clock is ${words}`,
        );
        hold(
          (await stateOf(world, 'hour')) === 'held',
          `a reservation of an hour ended when the clock was set ${words}`,
        );
        const isOver = async () => (await stateOf(world, moment)) === 'expired';
        await until(
          isOver,
          TOLD_WITHIN_MS,
          `what is kept for ${MOMENT_SECONDS} s ends with a clock that was set ${words}`,
        );
        seen.push(words);
      }
      return `set ${seen.join(', ')}: ${await world.judged({ isVerified: true })}`;
    });
  },
};

async function reserve({ node }: World, id: string, ttlSeconds: number): Promise<void> {
  const body = { id, owner: 'desk', lines: [{ sku: SKU, quantity: 1 }], ttlSeconds };
  const { status } = await requestJson(`${node.url}/v1/reservations`, { body, key: id });
  hold(status === 201, `the node did not reserve: ${status}`);
}

async function stateOf({ node }: World, id: string): Promise<unknown> {
  const { body } = await requestJson(`${node.url}/v1/reservations/${id}`);
  return (body as { readonly reservation?: { readonly state: string } }).reservation?.state;
}

async function skewMs({ node, centralUrl }: World): Promise<number> {
  const { body } = await requestJson(`${centralUrl}/v1/warehouses`);
  const { warehouses } = body as {
    readonly warehouses: readonly { readonly warehouse: string; readonly skewMs: number }[];
  };
  return warehouses.find(({ warehouse }) => warehouse === node.warehouse)?.skewMs ?? 0;
}

function isNear(skew: number, offsetMs: number): boolean {
  return Math.abs(skew - offsetMs) < TOLERANCE_MS;
}
