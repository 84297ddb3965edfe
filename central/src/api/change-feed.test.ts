import { silentLog } from '@edgestock/shared/runtime/log';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import type { ChangeNotice } from '../store/central-store.ts';
import type { Standing } from '../store/shared-store.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { skuOf } from '../testing/node-log.ts';
import { ChangeFeed } from './change-feed.ts';

const { feedPeriodMs, feedTrustMsMax, feedNoticesMax } = centralLimits;

let clock: VirtualClock;
let standing: Standing;
let changes: ChangeNotice[];
let isAway: boolean;
let events: string[];
let feed: ChangeFeed;
beforeEach(async () => {
  clock = new VirtualClock();
  standing = { revision: 5, centralEpoch: 1, life: 'first' };
  changes = [];
  isAway = false;
  events = [];
  feed = await ChangeFeed.start({
    shared: {
      standing: async () => {
        if (isAway) throw new StoreUnavailable('nobody listens');
        return standing;
      },
      noticesAfter: async (revision, limit) => changes.filter((one) => one.revision > revision).slice(0, limit),
    },
    clock,
    log: silentLog,
    onChanged: (notices) => void events.push(notices.map(({ sku, revision }) => `${sku} ${revision}`).join(', ')),
    onMuchChanged: () => void events.push('much'),
    onAnotherLife: async () => void events.push('another life'),
  });
});

function change(...skus: readonly string[]): void {
  for (const sku of skus) {
    standing = { ...standing, revision: standing.revision + 1 };
    changes.push({ sku: skuOf(sku), revision: standing.revision });
  }
}

it('tells what has changed since the last look, once', async () => {
  await clock.advance(feedPeriodMs * 3);
  expect(events).toEqual([]);
  change('A', 'B');
  await clock.advance(feedPeriodMs);
  change('C');
  await clock.advance(feedPeriodMs * 3);
  expect(events).toEqual(['A 6, B 7', 'C 8']);
});

it('is trusted for a second after the last look that found everything, and again after the next one', async () => {
  await clock.advance(feedPeriodMs);
  isAway = true;
  change('A');
  await clock.advance(feedTrustMsMax);
  expect(feed.isTrusted).toBe(true);
  await clock.advance(feedPeriodMs);
  expect([feed.isTrusted, events]).toEqual([false, []]);
  expect(feed.staleMs).toBeGreaterThan(feedTrustMsMax);
  isAway = false;
  await clock.advance(feedPeriodMs);
  expect([feed.isTrusted, events]).toEqual([true, ['A 6']]);
});

it('forgets all instead of telling one by one what is more than a page', async () => {
  change(...Array.from({ length: feedNoticesMax + 1 }, (_, index) => `S-${index}`));
  await clock.advance(feedPeriodMs);
  // As many as a page holds: whether there are more nobody knows.
  change(...Array.from({ length: feedNoticesMax }, (_, index) => `S-${index}`));
  await clock.advance(feedPeriodMs);
  change('A');
  await clock.advance(feedPeriodMs);
  expect(events).toEqual(['much', 'much', expect.stringMatching(/^A \d+$/)]);
});

it('notices another life of the store, whose revisions mean something else', async () => {
  standing = { revision: 3, centralEpoch: 9, life: 'second' };
  await clock.advance(feedPeriodMs);
  change('A');
  await clock.advance(feedPeriodMs);
  expect(events).toEqual(['another life', 'A 4']);
});
