import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { isSilent, knownUpTo } from './freshness.ts';

const heard = (at: number, committed: number) => ({
  at,
  committed,
  sent: committed,
  skewMs: 0,
  schemaMin: 1,
  schemaMax: 1,
});
const cursor = { appliedUpTo: 10, appliedAt: 500, lastDeltaAt: 400, knownAt: 300 };

it.each([
  ['never heard, and applied something', { ...cursor, knownAt: 0 }, 400],
  ['heard, and central has all it had', { ...cursor, heard: heard(900, 10) }, 900],
  ['heard, and central has more than it had then', { ...cursor, heard: heard(900, 8) }, 900],
  ['fenced by itself', { ...cursor, heard: { ...heard(900, 8), nodeFence: 'rolled back' } }, 400],
  ['heard, but central lags behind', { ...cursor, heard: heard(900, 11) }, 400],
  ['lagging behind, and once heard with nothing missing', { ...cursor, knownAt: 450, heard: heard(900, 11) }, 450],
  ['of a clock ahead of the moment of applying', { ...cursor, lastDeltaAt: 9_999, heard: heard(900, 11) }, 500],
  ['never heard and never applied', { appliedUpTo: 0, appliedAt: 0, lastDeltaAt: 0, knownAt: 0 }, undefined],
  ['empty, and heard', { appliedUpTo: 0, appliedAt: 0, lastDeltaAt: 0, knownAt: 0, heard: heard(900, 0) }, 900],
])('knows a node %s', (_, record, expected) => {
  expect(knownUpTo(record)).toBe(expected);
});

it('calls a node silent when its heartbeats stop, not before, and not while its first is still due', () => {
  const after = centralLimits.silentAfterMs;
  expect(isSilent({ enrolledAt: 0, heard: heard(100, 0) }, 100 + after)).toBe(false);
  expect(isSilent({ enrolledAt: 0, heard: heard(100, 0) }, 101 + after)).toBe(true);
  expect(isSilent({ enrolledAt: 1_000 }, 1_000 + after)).toBe(false);
  expect(isSilent({ enrolledAt: 1_000 }, 1_001 + after)).toBe(true);
});
