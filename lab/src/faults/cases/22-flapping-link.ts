import { systemClock } from '@edgestock/shared/runtime/clock';
import { type FaultCase, hold } from '../fault-case.ts';
import { atBroker, streamsAndConsumers } from '../world/jetstream.ts';
import { inWorld, type World } from '../world/world.ts';

const FLAPS = 8;
const LONG_MS = 300_000;
const HALF_PERIOD_MS = 400;
const LONG_HALF_PERIOD_MS = 2_000;

/** The link comes and goes. Nothing is lost, and no connection leaves a consumer behind at the broker. */
export const flappingLink: FaultCase = {
  rows: [22],
  name: 'flapping-link',
  needs: [],
  run: (lab) => inWorld(lab, {}, (world) => flapped(world, FLAPS, HALF_PERIOD_MS)),
};

export const flappingLinkMinutes: FaultCase = {
  ...flappingLink,
  name: 'flapping-link-minutes',
  isLong: true,
  run: (lab) => inWorld(lab, {}, (world) => flapped(world, LONG_MS / LONG_HALF_PERIOD_MS / 2, LONG_HALF_PERIOD_MS)),
};

async function flapped(world: World, times: number, halfPeriodMs: number): Promise<string> {
  const consumers = async () => [...(await atBroker(world.broker.port, streamsAndConsumers)).values()].flat().sort();
  const before = await consumers();
  for (let flap = 0; flap < times; flap += 1) {
    world.node.link.cut();
    await systemClock.sleep(halfPeriodMs);
    world.node.link.heal();
    await systemClock.sleep(halfPeriodMs);
  }
  const seen = await world.judged();
  const after = await consumers();
  hold(after.join() === before.join(), `consumers before: ${before.join()}, after: ${after.join()}`);
  return `${times} times, ${after.length} consumers as before: ${seen}`;
}
