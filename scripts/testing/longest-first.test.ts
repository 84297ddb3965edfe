import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TestSpecification, Vitest } from 'vitest/node';
import { LONG_FILES, LongestFirst } from './longest-first.ts';
import { ROOT } from './steps.ts';

it('names files that are there', () => {
  expect(LONG_FILES.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

it('puts long files first in their group, whatever their suite, and leaves the groups in order', async () => {
  const never = { cache: { getTestSpecificationResult: () => undefined } } as unknown as Vitest;
  const file = (moduleId: string, name: string, groupOrder: number) =>
    ({ moduleId, project: { name, config: { sequence: { groupOrder }, isolate: true } } }) as TestSpecification;
  const [longest, longer] = LONG_FILES.map((path) => join(ROOT, path));
  const sorted = await new LongestFirst(never).sort([
    file('/unit.test.ts', 'unit', 1),
    file('/short.test.ts', 'e2e', 0),
    file(`${longer}`, 'postgres', 0),
    file(`${longest}`, 'e2e', 0),
  ]);
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual([longest, longer, '/short.test.ts', '/unit.test.ts']);
});
