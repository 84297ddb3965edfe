import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import type { SourceFile } from './source-tree.ts';
import type { SyntaxNode } from './syntax-node.ts';

/** Visits every node below, with the node it hangs on and the field it hangs in. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined, field: string) => void,
  parent?: SyntaxNode,
  field = '',
): void {
  visit(node, parent, field);
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, node, name);
    }
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

export function lineOf({ text }: SourceFile, node: SyntaxNode): number {
  return text.slice(0, node.start).split('\n').length;
}

/** `Date.now`, `process['env']`, `test.only.each`, `setTimeout`: a chain of fixed names, else undefined. */
export function dottedName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return String(node.name);
  if (node.type !== 'MemberExpression') return undefined;
  const object = dottedName(node.object);
  const member = nameOf(node.property, node.computed === true);
  return object && member ? `${object}.${member}` : undefined;
}

/** The name of a member or key; a computed one counts when it is a plain string. */
export function nameOf(node: unknown, isComputed: boolean): string | undefined {
  if (!isNode(node)) return undefined;
  return isComputed || node.type === 'Literal' ? textOf(node) : String(node.name);
}

/** One import, re-export, dynamic import, or `new URL('./worker.ts', import.meta.url)`. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  readonly line: number;
  readonly isTypeOnly: boolean;
  /** The file it names, when that is a file of the workspace. */
  readonly path?: string;
  /** The npm package it names, when it is one. */
  readonly library?: string;
  /** The module of Node it names, without `node:`. */
  readonly builtin?: string;
}

export function importsOf(file: SourceFile): readonly Import[] {
  const imports: Import[] = [];
  walk(file.program, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const line = lineOf(file, node);
    imports.push({ specifier, line, isTypeOnly: isTypeOnly(node), ...targetOf(file.path, specifier) });
  });
  return imports;
}

function specifierOf(node: SyntaxNode): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return textOf(node.source ?? node.argument);
    case 'NewExpression':
      return dottedName(node.callee) === 'URL' ? moduleAddress(firstOf(node.arguments)) : undefined;
    case 'CallExpression':
      return dottedName(node.callee) === 'require' ? textOf(firstOf(node.arguments)) : undefined;
    default:
      return undefined;
  }
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined;
}

/** A module that will be run, as a worker say. Pages and other data are no business of the import rules. */
function moduleAddress(node: unknown): string | undefined {
  const text = textOf(node);
  return text && /^\.{1,2}\/.*\.m?[jt]s$/.test(text) ? text : undefined;
}

function textOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'TSLiteralType') return textOf(node.literal);
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

/** `import type`, `export type`, or an import whose every name is marked `type`. */
function isTypeOnly(node: SyntaxNode): boolean {
  if (node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type') return true;
  const names = Array.isArray(node.specifiers) ? node.specifiers.filter(isNode) : [];
  return names.length > 0 && names.every((name) => name.importKind === 'type' || name.exportKind === 'type');
}

function targetOf(importer: string, specifier: string): { path?: string; library?: string; builtin?: string } {
  if (specifier.startsWith('.')) return { path: posix.join(posix.dirname(importer), specifier) };
  if (isBuiltin(specifier)) return { builtin: specifier.replace(/^node:/, '') };
  const [first = '', second = '', ...rest] = specifier.split('/');
  if (first === '@edgestock') {
    return { path: `${second}/src/${rest.join('/')}.ts` }; // what the "exports" of every package say
  }
  return { library: first.startsWith('@') ? `${first}/${second}` : first };
}
