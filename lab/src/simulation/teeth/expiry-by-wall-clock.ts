import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

export const expiryByWallClock: Tooth = {
  name: 'expiry-by-wall-clock',
  breaks: "a node reckons how long something has lasted by its machine's wall clock",
  showsIn: 'a clock that is set: reservations of half an hour end in that instant',
  seedsMax: 60,
  plant: () => ({
    nodeClock: (clock) => over(clock, { monotonicMs: () => clock.now() }),
  }),
};
