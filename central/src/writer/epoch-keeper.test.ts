import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, it } from 'vitest';
import { StoreWrites } from '../ingest/store-writes.ts';
import { centralLimits } from '../limits.ts';
import { StoreFull } from '../store/store-full.ts';
import { EpochKeeper } from './epoch-keeper.ts';

const proof = { warehouse: 'BER1', heard: 5, reason: 'it has carried out directive 9' };
let clock: VirtualClock;
let begun: number[];
let isFull: boolean;
/** By this process, and in the store. */
let known: number;
let stored: number;
let keeper: EpochKeeper;
beforeEach(() => {
  clock = new VirtualClock();
  begun = [];
  isFull = false;
  [known, stored] = [5, 5];
  keeper = new EpochKeeper({
    known: () => known,
    store: {
      beginEpoch: async ({ heard, after }) => {
        if (isFull) throw new StoreFull('no room');
        const isBegun = after === stored;
        if (isBegun) stored = heard + 1;
        return { outcomes: [], changes: [], directed: [], ahead: [], centralEpoch: stored, isBegun };
      },
    },
    writes: new StoreWrites({ clock, random: seededRandom(1), log: silentLog }),
    clock,
    log: silentLog,
    onBegun: (centralEpoch) => {
      known = centralEpoch;
      begun.push(centralEpoch);
    },
  });
});

it('begins an epoch above the one that a node has heard of', async () => {
  expect(await keeper.begin(proof)).toBe(true);
  expect(begun).toEqual([6]);
});

it('takes up the one that another process has begun, instead of another', async () => {
  stored = 9;
  expect(await keeper.begin(proof)).toBe(true);
  expect(begun).toEqual([9]);
});

it('begins no other for a while: two centrals on one copy would do it for ever', async () => {
  await keeper.begin(proof);
  expect(await keeper.begin({ ...proof, heard: 8 })).toBe(false);
  await clock.advance(centralLimits.epochPauseMs);
  expect(await keeper.begin({ ...proof, heard: 8 })).toBe(true);
  expect(begun).toEqual([6, 9]);
});

it('tries again at the next word of a node where the store had no room', async () => {
  isFull = true;
  expect(await keeper.begin(proof)).toBe(false);
  isFull = false;
  expect(await keeper.begin(proof)).toBe(true);
  expect(begun).toEqual([6]);
});
