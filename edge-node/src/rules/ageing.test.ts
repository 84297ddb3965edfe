import { describe, expect, it } from 'vitest';
import { ageAt, isMarkDue } from './ageing.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

describe('the time that has passed', () => {
  const running = { agedMs: 1_000, wallAt: YEAR_MS, monotonicMs: 500 };
  const stored = { ...running, monotonicMs: undefined };

  it.each([
    ['begins with the first look', undefined, { wallAt: YEAR_MS, monotonicMs: 9 }, 0],
    ['is what both clocks say', running, { wallAt: YEAR_MS + 60_000, monotonicMs: 60_500 }, 61_000],
    [
      'is no more than ran when the clock is put forward',
      running,
      { wallAt: 9 * YEAR_MS, monotonicMs: 60_500 },
      61_000,
    ],
    ['is nothing when the clock is set back', running, { wallAt: 0, monotonicMs: 60_500 }, 1_000],
    ['does not count a wall clock that stands still', running, { wallAt: YEAR_MS, monotonicMs: 60_500 }, 1_000],
    ['counts a night off', stored, { wallAt: YEAR_MS + 9 * HOUR_MS, monotonicMs: 3 }, 1_000 + 9 * HOUR_MS],
    ['counts a day off at most', stored, { wallAt: 9 * YEAR_MS, monotonicMs: 3 }, 1_000 + 24 * HOUR_MS],
    ['counts nothing off when the clock came back earlier', stored, { wallAt: 0, monotonicMs: 3 }, 1_000],
    ['is whole milliseconds', running, { wallAt: YEAR_MS + 2, monotonicMs: 501.5 }, 1_001],
  ])('%s', (_, previous, now, agedMs) => {
    expect(ageAt(previous, now)).toEqual({ ...now, agedMs });
  });
});

describe('a mark', () => {
  it.each([
    ['is not taken of an empty log', undefined, { sequence: 0, agedMs: 0 }, false],
    ['is taken of the first movements', undefined, { sequence: 3, agedMs: 0 }, true],
    ['is taken 10 minutes after the last', { sequence: 3, agedMs: 0 }, { sequence: 4, agedMs: 600_000 }, true],
    ['is not taken sooner', { sequence: 3, agedMs: 0 }, { sequence: 4, agedMs: 599_999 }, false],
    ['is not taken when nothing was recorded', { sequence: 3, agedMs: 0 }, { sequence: 3, agedMs: 9_000_000 }, false],
  ])('%s', (_, last, now, expected) => {
    expect(isMarkDue(last, now)).toBe(expected);
  });
});
