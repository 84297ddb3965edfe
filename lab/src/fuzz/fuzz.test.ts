import { expect, it } from 'vitest';
import { fuzzControl } from './fuzz-control.ts';
import { fuzzWire } from './fuzz-wire.ts';

/** Another one each time finds more; what it found is played again with this one. */
const seed = Math.floor(Math.random() * 2 ** 32);
/** On a machine that is busy with other tests. */
const TIMEOUT_MS = 120_000;
const MESSAGES = 50_000;
const CONTROL_MESSAGES = 4_000;

it(
  'no bad message of the log or of directives does more than be refused, or say what it says',
  () => {
    const { read, refused, slowestMs, grownMiB } = fuzzWire({ seed, messages: MESSAGES });
    console.log(`seed ${seed}: ${read} read, ${refused} refused, the slowest in ${slowestMs.toFixed(1)} ms`);
    // Neither all nor none: else it would be the samples or the mutations that were tried.
    expect(read).toBeGreaterThan(MESSAGES / 100);
    expect(refused).toBeGreaterThan(MESSAGES / 2);
    expect(grownMiB).toBeLessThan(256);
  },
  TIMEOUT_MS,
);

it(
  'no odd question makes central fall or change what it knows, and no odd answer a node',
  async () => {
    const { answered } = await fuzzControl({ seed, messages: CONTROL_MESSAGES });
    console.log(`seed ${seed}: ${answered} of ${CONTROL_MESSAGES} questions answered`);
    expect(answered).toBeGreaterThan(CONTROL_MESSAGES / 50);
  },
  TIMEOUT_MS,
);

it('the same seed makes the same messages', () => {
  const { read: one } = fuzzWire({ seed: 7, messages: 500 });
  const { read: two } = fuzzWire({ seed: 7, messages: 500 });
  expect(two).toBe(one);
});
