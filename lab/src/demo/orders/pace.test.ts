import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

const { signal } = new AbortController();

test('who is ahead waits for the other, and for nobody who has ended, however long its own way turns out', async () => {
  const clock = new VirtualClock();
  const pace = new Pace(clock);
  const steps: string[] = [];
  await pace.reached('orders', 0.01, signal);
  const ahead = pace.reached('orders', 0.5, signal).then(() => steps.push('orders'));
  await clock.advance(100);
  expect(steps).toEqual([]);
  await pace.reached('tills', 0.49, signal);
  await clock.advance(100);
  await ahead;
  pace.ended('tills');
  await pace.reached('orders', 1.5, signal);
});
