import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { isPossibleEpoch, nextCentralEpoch } from './central-epoch.ts';

const number = fc.integer({ min: 0, max: 2 ** 50 });

test.prop([number, number, number])(
  'is above everything that this central or its nodes have met, and by the clock where that is above it',
  (current, heard, now) => {
    const next = nextCentralEpoch({ current, heard, now });
    expect(next).toBeGreaterThan(current);
    expect(next).toBeGreaterThan(heard);
    expect(next).toBeGreaterThanOrEqual(now);
    expect([now, current + 1, heard + 1]).toContain(next);
  },
);

it('differs between two restores of one backup, also where the clock stands', () => {
  const first = nextCentralEpoch({ current: 1, heard: 0, now: 1_795_000_000_000 });
  const second = nextCentralEpoch({ current: 1, heard: 0, now: 1_795_000_000_001 });
  // The one that is replaced is known by then.
  const third = nextCentralEpoch({ current: 1, heard: second, now: 1_795_000_000_001 });
  expect(new Set([first, second, third]).size).toBe(3);
});

it('leaves room for the next: what would use up all numbers is not believed', () => {
  expect(isPossibleEpoch(1_795_000_000_000)).toBe(true);
  expect(isPossibleEpoch(Number.MAX_SAFE_INTEGER)).toBe(false);
});
