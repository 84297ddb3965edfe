import { describe, expect, test } from 'vitest';
import { LINE_CHARS_MAX, type LiveFigures, legendOf, liveLine } from './live-line.ts';

const quiet: LiveFigures = {
  sku: 'COF-001',
  available: 2_123,
  cutWarehouses: [],
  linkCount: 5,
  promises: { promised: 1_234, sold: 4_567, refused: 89, oversold: 0 },
};

const kept = 'promised 1234 sold 4567 refused 89 oversold 0';

describe('the live line', () => {
  test('says what is available, which links are cut, and what was promised, before anything else', () => {
    expect(liveLine(quiet)).toBe(`COF-001: 2123 | all links up | ${kept}`);
    expect(liveLine({ ...quiet, cutWarehouses: ['BER1'] })).toBe(`COF-001: 2123 | cut: BER1 | ${kept}`);
    const early = { ...quiet, available: 60, promises: { promised: 3, sold: 41, refused: 0, oversold: 0 } };
    expect(liveLine(early)).toBe('COF-001: 60 | all links up | promised 3 sold 41 refused 0 oversold 0');
  });

  test('has a legend that fits as well', () => {
    expect(legendOf('S'.repeat(64)).length).toBeLessThanOrEqual(LINE_CHARS_MAX);
  });

  test('shows what is not known yet as a dash', () => {
    const line = liveLine({ ...quiet, available: undefined });
    expect(line).toBe(`COF-001: - | all links up | ${kept}`);
  });

  test.each<[string, Partial<LiveFigures>, string]>([
    [
      'all five links',
      { cutWarehouses: ['BER1', 'HAM1', 'MUC1', 'CGN1', 'LEJ1'] },
      `COF-001: 2123 | 5 of 5 cut | ${kept}`,
    ],
    ['long ids', { sku: 'S'.repeat(64), cutWarehouses: ['W'.repeat(32)] }, `SSSSSSS…: 2123 | 1 of 5 cut | ${kept}`],
    [
      'large numbers',
      {
        available: -5 * 2 ** 42,
        cutWarehouses: ['BER1'],
        promises: { promised: 10_000, sold: 999_999, refused: 1_000_000, oversold: 0 },
      },
      'COF-001: -21T | cut: BER1 | promised 10k sold 999k refused 1M oversold 0',
    ],
    [
      'everything at once',
      {
        sku: 'S'.repeat(64),
        available: Number.MIN_SAFE_INTEGER,
        cutWarehouses: Array.from({ length: 1_000 }, (_, index) => `${index}`.padStart(32, 'W')),
        linkCount: 1_000,
        promises: { promised: 9_999, sold: 9_999, refused: 9_999, oversold: 9_999 },
      },
      'SSSSSSS…: -9P | promised 9999 sold 9999 refused 9999 oversold 9999',
    ],
  ])('fits 80 columns with %s, and leaves out whole figures only', (_, figures, expected) => {
    const line = liveLine({ ...quiet, ...figures });
    expect(line).toBe(expected);
    expect(line.length).toBeLessThanOrEqual(LINE_CHARS_MAX);
  });
});
