import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { plants } from './house-rules/planted-tidy.ts';
import { isSource, parse, readTree } from './house-rules/source-tree.ts';
import { syntaxRules } from './house-rules/syntax-rules.ts';
import { textRules } from './house-rules/text-rules.ts';
import { violations } from './house-rules/tidy-rule.ts';
import { unusedFiles } from './house-rules/unused-files.ts';

/** A wrong path or pattern would make the rules silently pass; this many files are there for certain. */
const FILES_AT_LEAST = 120;
const SOURCES_AT_LEAST = 100;

const files = readTree(join(import.meta.dirname, '..'));
const sources = files.filter(isSource).map(parse);

test('there is something to look at', () => {
  expect(files.length).toBeGreaterThan(FILES_AT_LEAST);
  expect(sources.length).toBeGreaterThan(SOURCES_AT_LEAST);
});

test.each(textRules)('$name', (rule) => {
  expect(files.flatMap((file) => violations(rule, file))).toEqual([]);
});

test.each(syntaxRules)('$name', (rule) => {
  expect(sources.flatMap((file) => violations(rule, file))).toEqual([]);
});

test('every source is imported, or is where a process starts', () => {
  expect(unusedFiles(sources)).toEqual([]);
});

test('an exemption goes when its file does', () => {
  const paths = new Set(files.map(({ path }) => path));
  const exempted = [...textRules, ...syntaxRules].flatMap(({ exempt = {} }) => Object.keys(exempt));
  expect(exempted.filter((path) => !paths.has(path))).toEqual([]);
});

describe('the rules themselves', () => {
  test('each is tried below', () => {
    expect(Object.keys(plants)).toEqual([...textRules, ...syntaxRules].map(({ name }) => name));
  });

  for (const [name, { bad, good }] of Object.entries(plants)) {
    test.each(bad)(`${name}: %s is refused`, (path, text) => {
      expect(violationsOf(name, path, text)).not.toEqual([]);
    });
    test.each(good)(`${name}: %s is allowed`, (path, text) => {
      expect(violationsOf(name, path, text)).toEqual([]);
    });
  }

  test('a violation names file, line, reason and rule', () => {
    const text = '#!/usr/bin/env node\n\nconst x = y as any;\n';
    expect(violationsOf('no cast to any', 'shared/src/x.ts', text)).toEqual([
      'shared/src/x.ts:3: as any (no cast to any)',
    ]);
  });

  test('a file that only its test imports is unused', () => {
    const tree = [
      {
        path: 'edge-node/src/edge-node.ts',
        text: `import './ledger/used.ts'; new URL('./worker.ts', import.meta.url);`,
      },
      { path: 'edge-node/src/ledger/used.ts', text: '' },
      { path: 'edge-node/src/worker.ts', text: '' },
      { path: 'edge-node/src/ledger/dead.ts', text: '' },
      { path: 'edge-node/src/ledger/dead.test.ts', text: `import './dead.ts'; import './ledger.contract.ts';` },
      { path: 'edge-node/src/ledger/ledger.contract.ts', text: '' },
      { path: 'shared/src/testing/left-over.ts', text: '' },
    ];
    expect(unusedFiles(tree.map(parse))).toEqual(['edge-node/src/ledger/dead.ts', 'shared/src/testing/left-over.ts']);
  });
});

function violationsOf(name: string, path: string, text: string): readonly string[] {
  const textual = textRules.filter((rule) => rule.name === name).flatMap((rule) => violations(rule, { path, text }));
  const syntactic = syntaxRules.filter((rule) => rule.name === name);
  return [...textual, ...syntactic.flatMap((rule) => violations(rule, parse({ path, text })))];
}
