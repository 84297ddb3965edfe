import { expect, it } from 'vitest';
import type { MovedRow } from './moved-table.ts';
import { TableDigest } from './table-digest.ts';

function digestOf(rows: readonly MovedRow[], size = rows.length): string {
  const digest = new TableDigest();
  for (let from = 0; from < rows.length; from += size) digest.add(rows.slice(from, from + size));
  expect(digest.result.rows).toBe(rows.length);
  return digest.result.digest;
}

const rows: readonly MovedRow[] = [
  ['A', 1, true, Buffer.from([1, 2])],
  ['B', null, false, null],
  ['C', -3, null, Buffer.from([])],
];

it('is that of the same rows in whatever order and pages', () => {
  expect(digestOf([...rows].reverse(), 2)).toBe(digestOf(rows));
  expect(
    digestOf(rows.map((row) => row.map((value) => (value instanceof Uint8Array ? new Uint8Array(value) : value)))),
  ).toBe(digestOf(rows));
});

it.each<[string, readonly MovedRow[]]>([
  ['a row less', rows.slice(1)],
  ['a row twice', [...rows, ...rows.slice(0, 1)]],
  [
    'values changed over between rows',
    [['A', null, true, Buffer.from([1, 2])], ['B', 1, false, null], ...rows.slice(2)],
  ],
  ['nothing instead of an empty text', [...rows.slice(0, 2), ['C', -3, null, null]]],
  ['text instead of a number', [['A', '1', true, Buffer.from([1, 2])], ...rows.slice(1)]],
  ['a number instead of a flag', [['A', 1, 1, Buffer.from([1, 2])], ...rows.slice(1)]],
  ['a byte changed', [['A', 1, true, Buffer.from([1, 3])], ...rows.slice(1)]],
])('is another one with %s', (_, others) => {
  expect(digestOf(others)).not.toBe(digestOf(rows));
});
