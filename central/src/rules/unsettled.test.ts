import { expect, it } from 'vitest';
import { notCountedBecause } from './unsettled.ts';

const heard = { at: 1, committed: 9, sent: 9, skewMs: 0, schemaMin: 1, schemaMax: 2 };

it('says why nothing is promised of a warehouse, and what has to happen', () => {
  expect(notCountedBecause({ appliedUpTo: 5, heard })).toBeUndefined();
  expect(notCountedBecause({ appliedUpTo: 5, unsettled: {} })).toContain('has not taken up the new epoch yet');
  expect(notCountedBecause({ appliedUpTo: 5, unsettled: { until: 9 }, heard })).toContain(
    'up to 5: it is counted again from 9',
  );
  const fenced = { ...heard, nodeFence: "central stands at 5, but this node's log begins at 7" };
  expect(notCountedBecause({ appliedUpTo: 5, unsettled: {}, heard: fenced })).toContain('log begins at 7');
});
