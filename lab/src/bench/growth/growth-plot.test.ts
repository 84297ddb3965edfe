import { expect, it } from 'vitest';
import type { Grown } from './growth.ts';
import { growthPlot } from './growth-plot.ts';

const grown = (of: Grown['of'], positions: number): Grown => ({
  of,
  positions,
  diskBytes: positions * 100,
  startSeconds: 0.5,
  residentMib: 120 + positions / 100_000,
  p50Ms: 2,
});

it('draws what grows in proportion as a straight line, and what does not grow as a level one', () => {
  const sizes = [10_000, 100_000, 1_000_000, 10_000_000];
  const svg = growthPlot([...sizes.map((size) => grown('central', size)), ...sizes.map((size) => grown('node', size))]);
  const lines = [...svg.matchAll(/polyline points="([^"]+)"/g)].map(([, points = '']) =>
    points.split(' ').map((point) => point.split(',').map(Number)),
  );
  // Two lines in each of four panels, every size on each of them.
  expect(lines.map((line) => line.length)).toEqual(Array.from({ length: 8 }, () => 4));
  const risesOf = (line: readonly (readonly number[])[] = []) =>
    line.slice(1).map(([, y = 0], index) => Math.round((line[index]?.[1] ?? 0) - y));
  const disk = risesOf(lines[4]);
  expect(disk[0]).toBeGreaterThan(0);
  for (const rise of disk) expect(Math.abs(rise - (disk[0] ?? 0))).toBeLessThanOrEqual(1);
  expect(risesOf(lines[6])).toEqual([0, 0, 0]);
  expect(svg).toContain('>10 M<');
});
