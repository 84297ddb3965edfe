import { expect, test } from 'vitest';
import { REFUSED_SHOWN_MAX, RefusedLines } from './refused-lines.ts';

const refused = (line: number, reason: string) => ({ line, receipt: `r${line}`, reason, why: reason });

test('a reason that comes once is told beside one that comes a thousand times, in the order of the file', () => {
  const lines = new RefusedLines();
  for (let line = 2; line < 1_002; line += 1) lines.note(refused(line, 'quantity-not-whole'));
  lines.note(refused(1_002, 'sku-missing'));
  expect(lines.shown).toHaveLength(REFUSED_SHOWN_MAX);
  expect(lines.shown.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 1_002]);
  expect(lines.more).toBe(991);
});

test('nothing refused is nothing to tell', () => {
  expect([new RefusedLines().shown, new RefusedLines().more]).toEqual([[], 0]);
});
