import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { DEFAULT_CHANNEL } from '../rules/channel.ts';
import type { Standing } from '../store/shared-store.ts';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { ApiUnderTest } from '../testing/api-under-test.ts';
import type { FedStore } from '../testing/fed-store.ts';
import type { ApiOptions } from './api.ts';

/** A process that answers shops, beside others that change what it answers: they tell it nothing. */
let central: ApiUnderTest;
let isFeedCut: boolean;
beforeEach(async () => {
  isFeedCut = false;
  central = await ApiUnderTest.start((store) => ({ shared: sharedOf(store) }));
});
afterEach(() => central.stop());

/** The feed of changes that a store of several processes has. */
function sharedOf({ reader }: FedStore): NonNullable<ApiOptions['shared']> {
  return {
    standing: async (): Promise<Standing> => {
      if (isFeedCut) throw new StoreUnavailable('cut off');
      return { revision: await reader.currentRevision(), centralEpoch: 1, life: await reader.life() };
    },
    noticesAfter: (revision, limit) => reader.changesAfter(revision, limit, { channel: DEFAULT_CHANNEL }),
  };
}

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

describe('beside a Redis', () => {
  /** What is kept there, whoever wrote it. */
  const texts = new Map<string, string>();
  beforeEach(async () => {
    texts.clear();
    await central.stop();
    central = await ApiUnderTest.start((store) => ({
      shared: sharedOf(store),
      keptTexts: {
        isUp: true,
        failures: 0,
        get: async (key) => texts.get(key),
        set: (key, text) => texts.set(key, text),
      },
    }));
  });

  it('gives what is kept there only while nothing says that it has changed, and counts it', async () => {
    await central.move('BER1', { sku: 'A', quantity: 5 });
    expect(await onHand()).toBe(5);
    const [[key, text] = ['', '']] = texts;
    expect(key).toMatch(/^edgestock:stock:1:\w+:default,A$/);
    await moveElsewhere(2);
    await expect.poll(onHand, { timeout: centralLimits.feedPeriodMs * 10 }).toBe(7);
    // A process that was slow writes now what it had read before both changes.
    texts.set(key, text);
    await moveElsewhere(1);
    await expect.poll(onHand, { timeout: centralLimits.feedPeriodMs * 10 }).toBe(8);
    expect(await cache()).toMatchObject({ redis: { isUp: true, hits: 0, failures: 0 } });
    const metrics = await (await central.fetch('/metrics')).text();
    expect(metrics).toContain('edgestock_central_redis_up 1');
    expect(metrics).toMatch(/edgestock_central_redis_misses [3-9]/);
  });

  it('takes what another process has read from there', async () => {
    await central.move('BER1', { sku: 'A', quantity: 5 });
    await onHand();
    const [[key, text] = ['', '']] = texts;
    // Of a SKU that this process has not been asked for, and that the store does not even have: it can only come from there.
    texts.set(key.replace('default,A', 'default,B'), text.replace('"A"', '"B"').replace(/,5,/, ',6,'));
    const answer = (await (await central.fetch('/v1/availability/B')).json()) as { warehouses: { onHand: number }[] };
    expect(answer.warehouses.map(({ onHand: units }) => units)).toEqual([5]);
    expect(await cache()).toMatchObject({ redis: { hits: 1 } });
  });

  it('takes nothing from there once it no longer hears what others change', async () => {
    await central.move('BER1', { sku: 'A', quantity: 5 });
    expect(await onHand()).toBe(5);
    isFeedCut = true;
    await expect.poll(cache, { timeout: centralLimits.feedTrustMsMax * 3 }).toMatchObject({ isTrusted: false });
    await moveElsewhere(2);
    expect(await onHand()).toBe(7);
  });
});
