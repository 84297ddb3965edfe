import { describe, expect, it } from 'vitest';
import { mayBeTrimmed } from './trim-bound.ts';

describe('a movement', () => {
  const bound = { appliedUpTo: 10, olderThan: 1_000 };

  it.each([
    ['may leave the log when central has it and it is old', { sequence: 10, at: 999 }, true],
    ['stays while central lacks it, however old it is (P2)', { sequence: 11, at: 0 }, false],
    ['stays for as long as the node explains it', { sequence: 1, at: 1_000 }, false],
  ])('%s', (_, movement, expected) => {
    expect(mayBeTrimmed(movement, bound)).toBe(expected);
  });
});
