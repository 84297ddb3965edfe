import type { SourceFile } from './source-tree.ts';
import { importsOf } from './syntax.ts';

/** Circles of imports, each as `a.ts > b.ts > a.ts`; of types, too: who reads one of its files has to read all of them. */
export function importCycles(files: readonly SourceFile[]): readonly string[] {
  const targets = new Map(files.map((file) => [file.path, importsOf(file).flatMap(({ path = [] }) => path)]));
  const [done, circles] = [new Set<string>(), [] as string[]];
  const follow = (path: string, way: readonly string[]): void => {
    const begin = way.indexOf(path);
    if (begin >= 0) circles.push([...way.slice(begin), path].join(' > '));
    if (begin >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) follow(target, [...way, path]);
    done.add(path);
  };
  for (const { path } of files) follow(path, []);
  return circles;
}
