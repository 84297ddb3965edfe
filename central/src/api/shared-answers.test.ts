import { afterEach, beforeEach, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { Standing } from '../store/shared-store.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { ApiUnderTest } from '../testing/api-under-test.ts';

/** A process that answers shops, beside others that change what it answers: they tell it nothing. */
let central: ApiUnderTest;
let isFeedCut: boolean;
beforeEach(async () => {
  isFeedCut = false;
  central = await ApiUnderTest.start(({ reader }) => ({
    shared: {
      standing: async (): Promise<Standing> => {
        if (isFeedCut) throw new StoreUnavailable('cut off');
        return { revision: await reader.currentRevision(), centralEpoch: 1, life: await reader.life() };
      },
      noticesAfter: (revision, limit) => reader.changesAfter(revision, limit, { channel: DEFAULT_CHANNEL }),
    },
  }));
});
afterEach(() => central.stop());

const onHand = async () => {
  const answer = (await (await central.fetch('/v1/availability/A')).json()) as {
    warehouses: readonly { onHand: number }[];
  };
  return answer.warehouses[0]?.onHand;
};
/** By another process. */
const moveElsewhere = (quantity: number) => central.store.move('BER1', [{ sku: 'A', quantity }], central.now);
const cache = async () => ((await (await central.fetch('/v1/status')).json()) as { cache: object }).cache;

it('answers from memory what another process has changed only until it has looked', async () => {
  await central.move('BER1', { sku: 'A', quantity: 5 });
  expect([await onHand(), await onHand()]).toEqual([5, 5]);
  await moveElsewhere(2);
  await expect.poll(onHand, { timeout: centralLimits.feedPeriodMs * 10 }).toBe(7);
  expect(await cache()).toMatchObject({ isTrusted: true, hits: expect.any(Number) });
});

it('answers from the store once it no longer hears what others change', async () => {
  await central.move('BER1', { sku: 'A', quantity: 5 });
  expect([await onHand(), await onHand()]).toEqual([5, 5]);
  isFeedCut = true;
  await moveElsewhere(2);
  // For a moment, which is the price of a memory.
  await expect.poll(onHand, { timeout: centralLimits.feedTrustMsMax * 3 }).toBe(7);
  await expect.poll(cache).toMatchObject({ isTrusted: false });
  const metrics = await (await central.fetch('/metrics')).text();
  expect(metrics).toContain('edgestock_central_cache_trusted 0');
  expect(metrics).toMatch(/edgestock_central_cache_stale_seconds [1-9]/);
  // Each of them from the store.
  await moveElsewhere(1);
  expect(await onHand()).toBe(8);
  isFeedCut = false;
  await expect.poll(cache).toMatchObject({ isTrusted: true });
});
