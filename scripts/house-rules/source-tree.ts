import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';
import type { SyntaxNode } from './syntax.ts';

/** A file of the checkout. Paths are relative to its root and use slashes. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** A file that was parsed: TypeScript or JavaScript. */
export interface SourceFile extends TextFile {
  readonly program: SyntaxNode;
}

/** What no commit contains. The folder names repeat .gitignore, so that the rules also hold outside a git checkout. */
const IGNORED = new Set(['.git', '.tools', '.edgestock', 'node_modules', 'dist', 'coverage']);

/** Every text file of the checkout. */
export function readTree(root: string, folder = ''): readonly TextFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !IGNORED.has(name) && !name.endsWith('.log'))
    .flatMap((entry) => {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.isDirectory()) return readTree(root, path);
      if (!entry.isFile()) return [];
      const text = readFileSync(join(root, path), 'utf8');
      return text.includes('\0') ? [] : [{ path, text }];
    });
}

export function isSource({ path }: TextFile): boolean {
  return /\.(ts|mts|js|mjs)$/.test(path);
}

export function parse({ path, text }: TextFile): SourceFile {
  try {
    const program: unknown = parseAst(text, { lang: path.endsWith('ts') ? 'ts' : 'js' });
    return { path, text, program: program as SyntaxNode };
  } catch (cause) {
    throw new Error(`${path} cannot be parsed`, { cause });
  }
}
