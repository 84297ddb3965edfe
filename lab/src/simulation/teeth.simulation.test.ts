import { afterAll, expect, test } from 'vitest';
import { Lives } from './lives.ts';
import { teeth } from './teeth/teeth.ts';

const lives = new Lives(2);
afterAll(() => lives.stop());

/** A machine that is busy with other tests lives one life a second. */
const TIMEOUT_MS = 180_000;

test.each(teeth)(
  'the simulator finds a planted mistake: $name',
  async ({ name, breaks, seedsMax }) => {
    const { failed, lived } = await lives.live({ from: 1, seeds: seedsMax, tooth: name });
    expect(failed?.failure, `${breaks}: not found in ${lived} lives`).toMatch(/^Violation: /);
    console.log(`${name}: found by seed ${failed?.seed}, in ${lived} lives`);
  },
  TIMEOUT_MS,
);

test('each has a name of its own, by which it is planted', () => {
  expect(new Set(teeth.map(({ name }) => name)).size).toBe(teeth.length);
});
