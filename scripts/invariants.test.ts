import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'invariants.md'), 'utf8');
const claims = [...page.matchAll(/`([^`]+\.(?:test|contract)\.ts)`: "([^"]+)"/g)].map(([, file = '', title = '']) => ({
  file,
  title,
}));

describe('docs/invariants.md', () => {
  it('has every promise of the design', () => {
    expect([...page.matchAll(/^## P(\d+) /gm)].map(([, number]) => Number(number))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    expect(claims.length).toBeGreaterThan(25);
  });

  it.each(claims)('names a test that exists: $file, $title', ({ file, title }) => {
    expect(existsSync(join(root, file)), `${file} is not there`).toBe(true);
    expect(readFileSync(join(root, file), 'utf8')).toContain(title);
  });
});
