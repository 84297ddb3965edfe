import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Nodes that lie below a directory which is none itself: `edgestock up --data-dir data` puts them into `data/nodes`. */
export type NodesBelow = { readonly directory: string; readonly names: readonly string[] };

/** Looks right in `dataDir` and in its `nodes`. `undefined` when there are none. */
export function nodesBelow(dataDir: string): NodesBelow | undefined {
  for (const directory of [join(dataDir, 'nodes'), dataDir]) {
    const names = directoriesIn(directory).filter((name) => existsSync(join(directory, name, 'edge.sqlite')));
    if (names.length > 0) return { directory, names: names.sort() };
  }
  return undefined;
}

/** Empty for what is no directory, or may not be read: this only looks for a better hint. */
function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return [];
  }
}
