import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cases } from '@edgestock/lab/faults/cases';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'faults.md'), 'utf8');
const ROWS = 66;

/** A line of the catalogue: its number, and the tests and cases that it names. */
const rows = [...page.matchAll(/^\| (\d+) +\| [^|]+ \| ([^|]+) \|$/gm)].map(([, number, held = '']) => ({
  number: Number(number),
  held,
  claims: [...held.matchAll(/`([^`]+\.ts)`: "([^"]+)"/g)].map(([, file = '', title = '']) => ({ file, title })),
}));
const claims = rows.flatMap(({ number, claims: named }) => named.map((claim) => ({ number, ...claim })));

describe('docs/faults.md', () => {
  it('has every row of the catalogue once, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: ROWS }, (_, index) => index + 1));
  });

  it('says of a row that nothing holds why that is', () => {
    const silent = rows.filter(
      ({ held, claims: named }) => named.length === 0 && !/^(Open|Not yet|Not ours): .{10}/.test(held),
    );
    expect(silent).toEqual([]);
  });

  it.each(claims)('names for row $number a test that exists: $file, $title', ({ file, title }) => {
    expect(existsSync(join(root, file)), `${file} is not there`).toBe(true);
    expect(readFileSync(join(root, file), 'utf8')).toContain(title);
  });

  it('names every case of the lab that runs in seconds, at each of its rows', () => {
    const missing = cases
      .filter(({ isLong = false, name }) => !isLong || claims.some(({ title }) => title === name))
      .flatMap(({ rows: its, name }) => its.map((number) => ({ number, name })))
      .filter(({ number, name }) => !claims.some((claim) => claim.number === number && claim.title === name));
    expect(missing).toEqual([]);
  });
});
