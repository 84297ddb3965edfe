import { describe, expect, test } from 'vitest';
import { percentile, RecentSamples, rounded } from './distribution.ts';

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  test('is the nearest rank, whatever the order of the samples', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.5)).toBe(7);
  });

  test('of nothing is nothing, and says so in JSON', () => {
    expect(percentile([], 0.5)).toBeUndefined();
    expect(rounded(undefined)).toBeNull();
    expect(rounded(1.26)).toBe(1.3);
  });
});

test('recent samples forget the oldest', () => {
  const recent = new RecentSamples(3);
  for (const sample of [1, 2, 3, 4]) recent.add(sample);
  expect(recent.values.toSorted()).toEqual([2, 3, 4]);
});
