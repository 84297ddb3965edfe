import { expect, it } from 'vitest';
import { centralLimits } from '../limits.ts';
import { restMsAfter } from './commit-rest.ts';

it.each([
  ['not at all after nothing', 0, 0],
  ['not at all after a few sales', 3, 0],
  ['the longer the more came together', 13, 3],
  ['five milliseconds at most', 400, 5],
  ['not at all after a full group, since more is waiting', centralLimits.groupDeltasMax, 0],
])('ingest rests %s', (_, deltas, expected) => {
  expect(restMsAfter(deltas)).toBe(expected);
});
