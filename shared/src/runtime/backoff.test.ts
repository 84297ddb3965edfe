import { expect, it } from 'vitest';
import { seededRandom } from '../testing/seeded-random.ts';
import { Backoff } from './backoff.ts';

it('waits longer and longer, never beyond the ceiling, and starts over after a success', () => {
  const random = { ...seededRandom(1), fraction: () => 1 };
  const backoff = new Backoff({ firstDelayMs: 100, delayMsMax: 1_000, random });
  expect(Array.from({ length: 6 }, () => backoff.nextDelayMs())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  backoff.reset();
  expect(backoff.nextDelayMs()).toBe(100);
});

it('spreads callers over the whole span, so that a reconnect storm thins out', () => {
  const random = seededRandom(7);
  const delays = Array.from({ length: 1_000 }, () => {
    const backoff = new Backoff({ firstDelayMs: 1_000, delayMsMax: 1_000, random });
    return backoff.nextDelayMs();
  });
  expect(Math.min(...delays)).toBeLessThan(50);
  expect(Math.max(...delays)).toBeGreaterThan(950);
});

it('stays finite for a link that is down for weeks', () => {
  const backoff = new Backoff({ firstDelayMs: 100, delayMsMax: 10_000, random: seededRandom(1) });
  for (let attempt = 0; attempt < 5_000; attempt += 1) expect(backoff.nextDelayMs()).toBeLessThanOrEqual(10_000);
});
