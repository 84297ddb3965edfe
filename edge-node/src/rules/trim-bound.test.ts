import { describe, expect, it } from 'vitest';
import { mayBeTrimmed } from './trim-bound.ts';

describe('a movement', () => {
  it.each([
    ['may leave the log when central has it and it is old', { appliedUpTo: 10, agedUpTo: 10 }, true],
    ['stays while central lacks it, however old it is (P2)', { appliedUpTo: 9, agedUpTo: 99 }, false],
    ['stays for as long as the node explains it', { appliedUpTo: 99, agedUpTo: 9 }, false],
  ])('%s', (_, bound, expected) => {
    expect(mayBeTrimmed(10, bound)).toBe(expected);
  });
});
