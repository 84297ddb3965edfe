import { expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.ts';

it('of two who let time pass at once the longer counts, and nobody sees it go back', async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  clock.every(700, () => seen.push(clock.monotonicMs()));
  const long = clock.advance(5_000);
  await clock.advance(1_500);
  seen.push(clock.monotonicMs());
  await long;
  expect(clock.monotonicMs()).toBe(5_000);
  expect(seen).toEqual([...seen].sort((one, other) => one - other));
});
