import { describe, expect, test } from 'vitest';
import { commonProblems, ProblemError, problemOf, refuse } from './problem.ts';

describe('problem details', () => {
  test('carry the type URI, title and status of their kind, and the detail and extras of the occurrence', () => {
    expect(problemOf(commonProblems.bodyTooLarge, 'The body has 300000 bytes.', { bodyBytesMax: 262_144 })).toEqual({
      type: 'https://edgestock.dev/problems/body-too-large',
      title: 'The body is too large',
      status: 413,
      code: 'body-too-large',
      detail: 'The body has 300000 bytes.',
      bodyBytesMax: 262_144,
    });
  });

  test('are never told with an extra that hides a standard member', () => {
    expect(() => problemOf(commonProblems.internal, 'no', { status: 200 })).toThrow('shadows the member status');
  });

  test('need a kebab-case code and an error status', () => {
    expect(() => problemOf({ code: 'Not Kebab', status: 400, title: '' }, '')).toThrow('not kebab-case');
    expect(() => problemOf({ code: 'fine', status: 200, title: '' }, '')).toThrow('has status 200');
  });

  test('the common kinds have one code each', () => {
    const codes = Object.values(commonProblems).map((kind) => kind.code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test('travel as one error class to whoever answers', () => {
    expect(() => refuse(commonProblems.notFound, 'No route /x.')).toThrow(ProblemError);
  });
});
