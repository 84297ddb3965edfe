import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { expect, test } from 'vitest';
import { SalesRate } from './sales-rate.ts';

const SALES_PER_SECOND = 50;

/** Sells evenly for so long, and hears the rate at the end. */
async function rateAfter(milliseconds: number): Promise<number> {
  const clock = new VirtualClock();
  const rate = new SalesRate(clock);
  const cancel = clock.every(1_000 / SALES_PER_SECOND, () => rate.add());
  await clock.advance(milliseconds);
  cancel();
  return rate.perSecond;
}

test.each([500, 1_000, 4_000, 20_000])('sales at an even pace have the same rate %s ms after the start', async (ms) => {
  expect(await rateAfter(ms)).toBe(SALES_PER_SECOND);
});

test('the rate of a show that has just begun is no division by nothing', async () => {
  const rate = new SalesRate(new VirtualClock());
  expect(rate.perSecond).toBe(0);
  rate.add();
  expect(rate.perSecond).toBe(4);
});

test('sales of long ago no longer count', async () => {
  const clock = new VirtualClock();
  const rate = new SalesRate(clock);
  rate.add();
  await clock.advance(6_000);
  expect(rate.perSecond).toBe(0);
});
