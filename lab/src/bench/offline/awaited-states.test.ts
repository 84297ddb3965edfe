import { expect, it } from 'vitest';
import { AwaitedStates } from './awaited-states.ts';

it('are complete when the last position is shown at its last state or a later one', async () => {
  const states = new AwaitedStates(
    new Map([
      ['a', 7],
      ['b', 9],
    ]),
  );
  states.seen({ sku: 'a', sequence: 6 }, 100);
  states.seen({ sku: 'b', sequence: 12 }, 110);
  states.seen({ sku: 'c', sequence: 12 }, 115);
  expect(states.missing).toBe(1);
  states.seen({ sku: 'a', sequence: 7 }, 120);
  states.seen({ sku: 'a', sequence: 8 }, 130);
  expect(states.missing).toBe(0);
  expect(await states.complete).toBe(120);
});
