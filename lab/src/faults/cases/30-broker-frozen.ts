import type { FaultCase, Lab } from '../fault-case.ts';
import { inWorld } from '../world/world.ts';

const SHORT_MS = 8_000;
const LONG_MS = 90_000;
/** Beyond the window in which the broker itself knows a duplicate. */
const LONGER_MS = 300_000;

/** The broker is there and does nothing for a while; what was sent to it may have been taken or not. */
export const brokerFrozen: FaultCase = {
  rows: [30],
  name: 'broker-frozen',
  needs: [],
  run: (lab) => frozen(lab, SHORT_MS),
};

export const brokerFrozenLong: FaultCase = {
  rows: [30],
  name: 'broker-frozen-90s',
  needs: [],
  isLong: true,
  run: (lab) => frozen(lab, LONG_MS),
};

export const brokerFrozenLonger: FaultCase = {
  rows: [30],
  name: 'broker-frozen-5min',
  needs: [],
  isLong: true,
  run: (lab) => frozen(lab, LONGER_MS),
};

function frozen(lab: Lab, ms: number): Promise<string> {
  return inWorld(lab, {}, async (world) => {
    await world.traffic.flow(500);
    world.broker.victim.pause();
    await world.traffic.flow(ms);
    world.broker.victim.resume();
    return `frozen for ${ms / 1_000} s: ${await world.judged()}`;
  });
}
