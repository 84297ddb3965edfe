import { expect, test } from 'vitest';
import { findConflictingRepeat, findExcludedPair, findMissingRequirement } from './association.ts';

const weightWithThree = { identifier: '3103', value: '000123' };
const weightWithTwo = { identifier: '3102', value: '000012' };
const gtin = { identifier: '01', value: '04006381333931' };

test('an identifier is not excluded by itself, but by its sister with other decimals', () => {
  expect(findExcludedPair([gtin, weightWithThree])).toBeUndefined();
  expect(findExcludedPair([gtin, weightWithThree, weightWithThree])).toBeUndefined();
  expect(findExcludedPair([gtin, weightWithThree, weightWithTwo])).toEqual({
    code: 'excluded',
    identifier: '3103',
    message: '(3103) must not stand beside (3102)',
  });
});

test('a missing companion is named with its alternatives', () => {
  expect(findMissingRequirement([weightWithThree])?.message).toBe('(3103) needs (01) or (02)');
  expect(findMissingRequirement([{ identifier: '37', value: '4' }])?.message).toBe(
    '(37) needs (00) with (02) or (00) with (8026)',
  );
});

test('two values of one identifier are both shown', () => {
  const lots = ['A', 'B'].map((value) => ({ identifier: '10', value }));
  expect(findConflictingRepeat(lots)?.message).toBe('(10) says both A and B');
});
