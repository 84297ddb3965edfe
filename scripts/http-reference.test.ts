import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { movementBody } from '@edgestock/edge-node/http/movement-json';
import { positionBody } from '@edgestock/edge-node/http/position-json';
import { movementProblems } from '@edgestock/edge-node/rules/command-problems';
import { parseSku, type WarehouseId } from '@edgestock/shared/inventory/ids';
import { type MovementDetails, movementKindNames, reasons, statedKinds } from '@edgestock/shared/inventory/movement';
import { emptyPosition } from '@edgestock/shared/inventory/position';
import { must } from '@edgestock/shared/runtime/assert';
import { describe, expect, it } from 'vitest';
import { isSource, readTree } from './house-rules/source-tree.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'http.md'), 'utf8');
const sources = readTree(root).filter((file) => isSource(file) && !file.path.endsWith('.test.ts'));
const below = (...folders: readonly string[]) =>
  sources.filter(({ path }) => folders.some((folder) => path.startsWith(folder))).map(({ text }) => text);

/** `GET /v1/x` as the page has it under one of its headings. */
function described(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^### ((?:GET|POST|PUT|DELETE) \S+)$/gm)].map(([, route = '']) => route).sort();
}

/**
 * The three ways in which a node's door is written: an object, a write (an object without a method, which is POST), and the import doors'
 * call. `path` may be a constant of its file; where it is none, the object is made of a write.
 */
function nodeRoutes(): readonly string[] {
  return below('edge-node/src/http/')
    .flatMap((text) => {
      const constant = /const path = '([^']+)'/.exec(text)?.[1] ?? '';
      const objects = [...text.matchAll(/(?<=\{\s*)(?:method: '(\w+)',\s*)?path(?:: '([^']+)')?,\s*route\b/g)];
      const calls = [...text.matchAll(/\bdoor\('(\w+)', '([^']+)'/g)];
      return [...objects, ...calls].flatMap(([, method = 'POST', path = constant]) =>
        path === '' ? [] : [`${method} ${path}`],
      );
    })
    .sort();
}

/** Each call of `doors` up to the next one: its path, and a name before a colon for each method. */
function centralRoutes(): readonly string[] {
  return below('central/src/api/')
    .flatMap((text) =>
      text
        .split(/^ {2}doors\(/m)
        .slice(1)
        .flatMap((part) => {
          const [, named, constant] = /^(?:'([^']+)'|(\w+)), \{/.exec(part) ?? [];
          const path = named ?? new RegExp(`const ${constant} = '([^']+)'`).exec(text)?.[1];
          return [...part.matchAll(/\b(GET|POST|PUT|DELETE): /g)].map(([, method = '']) => `${method} ${path}`);
        }),
    )
    .sort();
}

describe('docs/http.md', () => {
  it('has the routes of a node, all of them and no others', () => {
    expect(nodeRoutes().length).toBeGreaterThan(15);
    expect(described('Node')).toEqual(nodeRoutes());
  });

  it('has the routes of central, all of them and no others', () => {
    expect(centralRoutes().length).toBeGreaterThan(8);
    expect(described('Central')).toEqual(centralRoutes());
  });

  it('shows one call of each', () => {
    const parts = page.split(/^### /m).slice(1);
    expect(parts.filter((part) => [...part.matchAll(/^curl -s /gm)].length !== 1)).toEqual([]);
  });

  it('has every problem code, with its status', () => {
    const declared = below('edge-node/src/http/', 'central/src/api/', 'shared/src/runtime/problem.ts').flatMap((text) =>
      [...text.matchAll(/code: '([a-z-]+)',\s*status: (\d{3})/g)].map(([, code, status]) => `${code} ${status}`),
    );
    const listed = [...page.matchAll(/^\| `([a-z-]+)` *\| (\d{3}) /gm)].map(([, code, status]) => `${code} ${status}`);
    expect(declared.length).toBeGreaterThan(20);
    expect([...listed].sort()).toEqual([...new Set(declared)].sort());
  });

  it('has the fields of a position, in the order of the answer', () => {
    expect(fieldsOf('A position,')).toEqual(['sku', ...Object.keys(positionBody(emptyPosition))]);
  });

  it('has the fields of a recorded movement, whatever its kind', () => {
    const details: Required<MovementDetails> = {
      document: 'D',
      actor: 'anna',
      reason: 'count',
      bin: 'A',
      lot: 'L',
      expiry: '2027-01-01',
      condition: 'hold',
      toBin: 'B',
      toCondition: 'sellable',
      serials: ['1'],
      counted: 1,
      atSequence: 1,
      occurredAt: 0,
      otherWarehouse: 'HAM1' as WarehouseId,
    };
    const movement = {
      sequence: 2,
      at: 0,
      kind: 'count',
      sku,
      quantity: 1,
      line: 0,
      details,
      position: emptyPosition,
    } as const;
    expect([...fieldsOf('A recorded movement.')].sort()).toEqual(Object.keys(movementBody(movement)).sort());
  });

  it('has the kinds of movement, and which of them need a reason code', () => {
    expect(fieldsOf('Kinds of movement,')).toEqual(movementKindNames);
    const needing = statedKinds.filter((kind) => {
      const problems = movementProblems({ kind, lines: [{ sku, quantity: 1, toBin: 'B' }] });
      return problems.some(({ code }) => code === 'reason-required');
    });
    const listed = tableAfter('Kinds of movement,').filter(([, , reason]) => reason === 'needs one');
    expect(listed.map(([kind]) => kind)).toEqual(needing.map((kind) => `\`${kind}\``));
  });

  it('has the reason codes', () => {
    const paragraph = page.split('\n\n').find((part) => part.startsWith('Reason codes,')) ?? '';
    expect(namesIn(paragraph)).toEqual(reasons);
  });
});

const sku = must(parseSku('TEA'), 'TEA is a SKU');

/** The rows of the table after the paragraph that begins so, without its head. */
function tableAfter(beginning: string): readonly (readonly string[])[] {
  const parts = page.split('\n\n');
  const table = parts[parts.findIndex((part) => part.startsWith(beginning)) + 1] ?? '';
  const rows = table.split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The names in the first column of that table. */
function fieldsOf(beginning: string): readonly string[] {
  return tableAfter(beginning).flatMap(([first = '']) => namesIn(first));
}

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
}
