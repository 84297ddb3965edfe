import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importCycles } from './house-rules/import-cycles.ts';
import { importViolations } from './house-rules/import-rules.ts';
import { libraryHomes } from './house-rules/import-table.ts';
import { allowed, forbidden } from './house-rules/planted-imports.ts';
import { isSource, parse, readTree } from './house-rules/source-tree.ts';

const root = join(import.meta.dirname, '..');

/** A wrong path or pattern would make the rules silently pass; this many files are there for certain. */
const FILES_AT_LEAST = 100;

test('every import is one that the table allows', { timeout: 120_000 }, () => {
  const files = readTree(root).filter(isSource);
  expect(files.length).toBeGreaterThan(FILES_AT_LEAST);
  expect(files.flatMap((file) => importViolations(parse(file)))).toEqual([]);
});

test('no file imports itself by way of others, types included', { timeout: 120_000 }, () => {
  expect(importCycles(readTree(root).filter(isSource).map(parse))).toEqual([]);
});

describe('the rules themselves', () => {
  const plants = Object.entries(forbidden).flatMap(([reason, files]) =>
    files.map(([path, text]) => ({ reason, path, text })),
  );

  test.each(plants)('$path: $text $reason', ({ reason, path, text }) => {
    expect(importViolations(parse({ path, text })).join('\n')).toContain(reason);
  });

  test.each(allowed)('%s may say %s', (path, text) => {
    expect(importViolations(parse({ path, text }))).toEqual([]);
  });

  test.each(libraryHomes.flatMap(({ of }) => of))('%s is refused away from its home', (library) => {
    const text = `import * as library from '${library}';`;
    expect(importViolations(parse({ path: 'edge-node/src/ledger/x.ts', text })).join('\n')).toContain(
      'has its home in',
    );
  });

  test('a circle is told with its files', () => {
    const file = (name: string, target: string) =>
      parse({ path: `central/src/rules/${name}.ts`, text: `import type { A } from './${target}.ts';` });
    const [a, b, c] = [file('a', 'b'), file('b', 'c'), file('c', 'b')];
    expect(importCycles([a, b])).toEqual([]);
    expect(importCycles([a, b, c])).toEqual([
      'central/src/rules/b.ts > central/src/rules/c.ts > central/src/rules/b.ts',
    ]);
  });

  test('a violation names file, line and reason', () => {
    const text = `import { a } from './a.ts';\n\nimport { Hono } from 'hono';\n`;
    expect(importViolations(parse({ path: 'edge-node/src/ledger/x.ts', text }))).toEqual([
      'edge-node/src/ledger/x.ts:3: imports hono: hono has its home in edge-node/src/http/**, central/src/api/**, lab/**',
    ]);
  });
});
