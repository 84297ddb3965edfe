import { describe, expect, it } from 'vitest';
import { skuOf } from '../testing/node-log.ts';
import { transferStateOf } from './transfer.ts';

const line = ([shipped, received, damaged, lost]: readonly [number, number, number, number]) => ({
  ...{ sku: skuOf('A'), shipped, received, damaged, lost },
});

describe('a transfer of lines of shipped, received, damaged and lost units', () => {
  it.each([
    ['shipped', [[5, 0, 0, 0]]],
    ['receiving', [[5, 4, 0, 0]]],
    ['closed', [[5, 4, 1, 0]]],
    ['closed', [[5, 2, 1, 2]]],
    ['receiving', [[5, 6, 0, 0]]],
    ['closed', [[5, 6, 0, -1]]],
    // The receipt came first.
    ['receiving', [[0, 5, 0, 0]]],
    // It was closed where it arrived, and its source has told nothing.
    ['closed', [[0, 5, 0, -5]]],
    ['receiving', [[7, 5, 0, -5]]],
    ['closed', [[7, 5, 0, 2]]],
    // All of one SKU is here, nothing of the other.
    [
      'receiving',
      [
        [5, 5, 0, 0],
        [2, 0, 0, 0],
      ],
    ],
    // What is missing of one is not made good by too much of another.
    [
      'receiving',
      [
        [5, 6, 0, 0],
        [2, 1, 0, 0],
      ],
    ],
  ] as const)('is %s: %j', (state, lines) => {
    expect(transferStateOf(lines.map(line))).toBe(state);
  });
});
