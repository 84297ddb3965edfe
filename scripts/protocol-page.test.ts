import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSource, readTree } from './house-rules/source-tree.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'protocol.md'), 'utf8');
const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading);
const sources = readTree(root).filter((file) => isSource(file) && !file.path.startsWith('scripts/'));

/** Section headings as a comment cites them: the page, then each heading in quotes. */
const citations = sources.flatMap(({ path, text }) =>
  [...text.matchAll(/docs\/protocol\.md((?:,? "[^"\n]+")+)/g)].flatMap(([, cited = '']) =>
    [...cited.matchAll(/"([^"]+)"/g)].map(([, heading = '']) => ({ path, heading })),
  ),
);

describe('docs/protocol.md', () => {
  it('has every section that a comment cites', () => {
    expect(citations.length).toBeGreaterThan(6);
    expect(citations.filter(({ heading }) => !headings.includes(heading))).toEqual([]);
  });

  it('is cited by comments instead of papers that are not here', () => {
    const elsewhere = sources.filter(({ text }) => /\b(PROTOCOL|DESIGN)(\.md| §)/.test(text));
    expect(elsewhere.map(({ path }) => path)).toEqual([]);
  });

  it('names files that exist', () => {
    const paths = new Set(readTree(root).map(({ path }) => path));
    const named = [...page.matchAll(/`((?:shared|edge-node|central)\/[^`]+\.ts)`/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((path) => !paths.has(path))).toEqual([]);
  });
});
