import { posix } from 'node:path';
import { isForTests } from './places.ts';
import type { SourceFile } from './source-tree.ts';
import { importsOf } from './syntax.ts';

/** Started by name: by a person, a service manager, or a script. */
const ENTRY_POINT = /^(edge-node\/src\/edge-node|central\/src\/central)\.ts$/;

/** Sources that nobody imports. Code that only its test imports is unused too. */
export function unusedFiles(files: readonly SourceFile[]): readonly string[] {
  const usedByProduct = targetsOf(files.filter(({ path }) => !isForTests(path)));
  const usedByAnyone = targetsOf(files);
  return files
    .map(({ path }) => path)
    .filter((path) => path.split('/')[1] === 'src' && !ENTRY_POINT.test(path) && !/\.(test|bench)\.ts$/.test(path))
    .filter((path) => !(isForTests(path) ? usedByAnyone : usedByProduct).has(path));
}

function targetsOf(files: readonly SourceFile[]): ReadonlySet<string> {
  const targets = files.flatMap((file) => importsOf(file).flatMap(({ path }) => path ?? []));
  return new Set(targets.map((path) => posix.normalize(path)));
}
