import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';
import type { SyntaxNode } from './syntax-node.ts';

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

/**
 * Every source of the checkout, committed or not, and every other text that is committed. Uncommitted texts are somebody's
 * notes or the output of a run, and may say what they like. Without git, all of it counts.
 */
export function readTree(root: string): readonly TextFile[] {
  const { status, stdout } = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  const committed = status === 0 ? new Set(stdout.split('\0')) : undefined;
  return pathsBelow(root, '')
    .filter((path) => isSource({ path }) || !committed || committed.has(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

function pathsBelow(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !IGNORED.has(name))
    .flatMap((entry) => {
      const path = folder ? `${folder}/${entry.name}` : entry.name;
      if (entry.isDirectory()) return pathsBelow(root, path);
      return entry.isFile() ? [path] : [];
    });
}

export function isSource({ path }: Pick<TextFile, 'path'>): boolean {
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
