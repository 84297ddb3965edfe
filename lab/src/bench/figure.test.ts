import { describe, expect, it } from 'vitest';
import { figureAgainstBound, figureAgainstFloor, median } from './figure.ts';

const common = { id: 'N1', what: 'reads', unit: '1/s' } as const;

describe('a figure', () => {
  it('is the median of its repetitions against the median of the floor', () => {
    const figure = figureAgainstFloor(common, {
      samples: [80, 10, 90],
      floorSamples: [100, 5_000, 90],
      floorIs: 'bare',
      ratio: { atLeast: 0.8 },
    });
    expect(figure).toMatchObject({ value: 80, floor: 100, ratio: 0.8, target: 0.8, met: true });
  });

  it('is not met by a hair less', () => {
    const measured = { samples: [799], floorSamples: [1_000], floorIs: 'bare', ratio: { atLeast: 0.8 } };
    expect(figureAgainstFloor(common, measured).met).toBe(false);
  });

  it('may have to stay below a multiple of the floor', () => {
    const measured = { floorSamples: [2], floorIs: 'idle', ratio: { atMost: 3 } };
    expect(figureAgainstFloor(common, { ...measured, samples: [6] })).toMatchObject({
      ratio: 3,
      targetIs: 'at most ratio',
      met: true,
    });
    expect(figureAgainstFloor(common, { ...measured, samples: [6.01] }).met).toBe(false);
  });

  it('is held against a bound in the direction that the bound has', () => {
    expect(figureAgainstBound(common, { value: 5, bound: { atMost: 5 } }).met).toBe(true);
    expect(figureAgainstBound(common, { value: 5.01, bound: { atMost: 5 } }).met).toBe(false);
    expect(figureAgainstBound(common, { value: 5, bound: { atLeast: 5 } }).met).toBe(true);
    expect(figureAgainstBound(common, { value: 4.99, bound: { atLeast: 5 } }).met).toBe(false);
  });

  it('does not exist without a measurement', () => {
    expect(() => median([])).toThrow('nothing was measured');
  });
});
