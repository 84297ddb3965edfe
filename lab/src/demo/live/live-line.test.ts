import { describe, expect, test } from 'vitest';
import { LINE_CHARS_MAX, type LiveFigures, legendOf, liveLine } from './live-line.ts';

const quiet: LiveFigures = {
  sku: 'COF-001',
  available: 2_123,
  cutWarehouses: [],
  linkCount: 5,
  salesPerSecond: 50,
  lagMs: { p50: 11.6, p99: 140.2 },
};

describe('the live line', () => {
  test('says what is available and which links are cut before anything else', () => {
    expect(liveLine(quiet)).toBe('COF-001: 2123 available | all links up | 50 sales/s | p50 12, p99 140 ms');
    expect(liveLine({ ...quiet, cutWarehouses: ['BER1', 'HAM1'] })).toBe(
      'COF-001: 2123 available | cut: BER1, HAM1 | 50 sales/s | p50 12, p99 140 ms',
    );
  });

  test('has a legend that fits as well', () => {
    expect(legendOf('S'.repeat(64)).length).toBeLessThanOrEqual(LINE_CHARS_MAX);
  });

  test('shows what is not known yet as a dash', () => {
    const line = liveLine({ ...quiet, available: undefined, lagMs: { p50: undefined, p99: undefined } });
    expect(line).toBe('COF-001: - available | all links up | 50 sales/s | p50 -, p99 - ms');
  });

  test.each<[string, Partial<LiveFigures>, string]>([
    [
      'all five links',
      { cutWarehouses: ['BER1', 'HAM1', 'MUC1', 'CGN1', 'LEJ1'], lagMs: { p50: 30_000, p99: 30_000 } },
      'COF-001: 2123 available | 5 of 5 cut | 50 sales/s | p50 30000, p99 30000 ms',
    ],
    [
      'long ids',
      { sku: 'S'.repeat(64), cutWarehouses: ['W'.repeat(32)] },
      'SSSSSSSSSSS…: 2123 available | 1 of 5 cut | 50 sales/s | p50 12, p99 140 ms',
    ],
    [
      'large numbers',
      { available: -5 * 2 ** 42, salesPerSecond: 10_000, cutWarehouses: ['BER1', 'HAM1'] },
      'COF-001: -21990232555520 available | cut: BER1, HAM1 | 10000 sales/s',
    ],
    [
      'everything at once',
      {
        sku: 'S'.repeat(64),
        available: Number.MIN_SAFE_INTEGER,
        cutWarehouses: Array.from({ length: 1_000 }, (_, index) => `${index}`.padStart(32, 'W')),
        linkCount: 1_000,
        salesPerSecond: 10_000,
        lagMs: { p50: 30_000, p99: 30_000 },
      },
      'SSSSSSSSSSS…: -9007199254740991 available | 1000 of 1000 cut | 10000 sales/s',
    ],
  ])('fits 80 columns with %s, and leaves out whole figures only', (_, figures, expected) => {
    const line = liveLine({ ...quiet, ...figures });
    expect(line).toBe(expected);
    expect(line.length).toBeLessThanOrEqual(LINE_CHARS_MAX);
  });
});
