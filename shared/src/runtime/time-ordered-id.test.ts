import { expect, it } from 'vitest';
import { seededRandom } from '../testing/seeded-random.ts';
import { systemRandom } from './random.ts';
import { timeOrderedId } from './time-ordered-id.ts';

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it.each([
  ['the system', systemRandom],
  ['a seed', seededRandom(7)],
])('is a UUID of version 7, by the chance of %s', (_, random) => {
  for (let index = 0; index < 100; index += 1) expect(timeOrderedId(1_800_000_000_000 + index, random)).toMatch(UUID_7);
});

it('sorts by the time it was made, and differs within one millisecond', () => {
  const times = [0, 1, 1_799_999_999_999, 1_800_000_000_000, 2 ** 48 - 1];
  const ids = times.map((at) => timeOrderedId(at, systemRandom));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 1_000 }, () => timeOrderedId(5, systemRandom))).size).toBe(1_000);
});
