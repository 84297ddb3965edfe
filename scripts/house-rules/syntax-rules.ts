import { isProduct, packageOf } from './places.ts';
import type { SourceFile } from './source-tree.ts';
import { dottedName, importsOf, isNode, lineOf, walk } from './syntax.ts';
import type { SyntaxNode } from './syntax-node.ts';
import type { Problem, SyntaxRule } from './tidy-rule.ts';

const isAnyFile = () => true;

export const syntaxRules: readonly SyntaxRule[] = [
  {
    name: 'no cast to any',
    concerns: isAnyFile,
    problems: nodes((node) => {
      const isCast = node.type === 'TSAsExpression' || node.type === 'TSTypeAssertion';
      return isCast && isNode(node.typeAnnotation) && node.typeAnnotation.type === 'TSAnyKeyword'
        ? 'as any'
        : undefined;
    }),
  },
  {
    name: 'no focused tests',
    concerns: isAnyFile,
    problems: nodes((node) =>
      /^(test|it|describe|suite)\..*\bonly$/.test(dottedName(node) ?? '') ? '.only' : undefined,
    ),
  },
  {
    name: 'skipped tests say why',
    concerns: isAnyFile,
    problems: (file) =>
      nodes((node) => {
        const isSkip = /^(test|it|describe|suite)\..*\b(skip|todo|fails)$/.test(dottedName(node) ?? '');
        return isSkip && !hasComment(file, lineOf(file, node))
          ? 'a comment on the line or above it gives the reason'
          : undefined;
      })(file),
  },
  {
    name: 'no enums',
    concerns: isAnyFile,
    problems: nodes((node) => (node.type === 'TSEnumDeclaration' ? 'a union of strings says it' : undefined)),
  },
  {
    name: 'no parameter properties',
    concerns: isAnyFile,
    problems: nodes((node) => (node.type === 'TSParameterProperty' ? 'a field and an assignment say it' : undefined)),
  },
  {
    name: 'no default exports',
    concerns: (path) => (isProduct(path) || path.startsWith('lab/')) && !path.endsWith('.config.ts'),
    problems: nodes((node) => (node.type === 'ExportDefaultDeclaration' ? 'a name makes it findable' : undefined)),
  },
  {
    name: 'columns are listed',
    concerns: (path) => packageOf(path) !== 'root',
    problems: nodes((node) =>
      /\bselect\s+(all\s+|distinct\s+)?([\w"]+\.)?\*/i.test(literalText(node)) ? 'SELECT *' : undefined,
    ),
  },
  {
    name: 'no empty catch',
    concerns: isAnyFile,
    problems: nodes((node) => (isEmptyCatch(node) ? 'the layer that can decide deals with it' : undefined)),
  },
  {
    name: 'no relative imports across packages',
    concerns: isAnyFile,
    problems: (file) =>
      importsOf(file)
        .filter(({ specifier, path }) => specifier.startsWith('.') && path && topOf(path) !== topOf(file.path))
        .map(({ specifier, line }) => ({ line, what: specifier })),
    exempt: { 'vitest.config.ts': 'lies in the root, where its own helpers do not' },
  },
  {
    name: 'directories are made step by step',
    // Asked to make a whole path, Node spins for ever where a file system denies a place for it: shared/src/sqlite/data-directory.ts.
    concerns: isProduct,
    problems: nodes((node) => (isMakingPaths(node) ? 'makeDataDirectory does it, and tells what to do' : undefined)),
  },
  {
    name: 'products log, commands print',
    // A command's answer belongs on stdout; everything else has a log with levels.
    concerns: (path) => isProduct(path) && !/\/src\/(command\/|web\/)/.test(path),
    problems: nodes((node) =>
      node.type === 'CallExpression' && dottedName(node.callee)?.startsWith('console.') ? 'console' : undefined,
    ),
  },
];

/** A rule that looks at one node at a time. */
function nodes(complaint: (node: SyntaxNode) => string | undefined): (file: SourceFile) => readonly Problem[] {
  return (file) => {
    const problems: Problem[] = [];
    walk(file.program, (node) => {
      const what = complaint(node);
      if (what) problems.push({ line: lineOf(file, node), what });
    });
    return problems;
  };
}

function hasComment({ text }: SourceFile, line: number): boolean {
  const lines = text.split('\n');
  return [lines[line - 2], lines[line - 1]].some((content) => /(^|\s)(\/\/|\/?\*)\s*\w/.test(content ?? ''));
}

function literalText(node: SyntaxNode): string {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type !== 'TemplateElement') return '';
  const { cooked } = node.value as { readonly cooked?: string | null };
  return cooked ?? '';
}

/** A comment does not fill it. `promise.catch(() => {})` is the same thing in disguise. */
function isEmptyCatch(node: SyntaxNode): boolean {
  if (node.type === 'CatchClause') return isEmptyBlock(node.body);
  const isCatchCall = node.type === 'CallExpression' && isNode(node.callee) && node.callee.type === 'MemberExpression';
  if (!isCatchCall || !isNode(node.callee) || !isNode(node.callee.property)) return false;
  const handler = Array.isArray(node.arguments) ? node.arguments[0] : undefined;
  return node.callee.property.name === 'catch' && isNode(handler) && isEmptyBlock(handler.body);
}

/** `mkdir(path, { recursive: true })`, whatever it is called on. */
function isMakingPaths(node: SyntaxNode): boolean {
  if (node.type !== 'CallExpression' || !/\bmkdir(Sync)?$/.test(dottedName(node.callee) ?? '')) return false;
  const [, options] = Array.isArray(node.arguments) ? node.arguments : [];
  const properties = isNode(options) && Array.isArray(options.properties) ? options.properties : [];
  return properties.some((property) => isNode(property) && isNode(property.key) && property.key.name === 'recursive');
}

function isEmptyBlock(node: unknown): boolean {
  return isNode(node) && node.type === 'BlockStatement' && Array.isArray(node.body) && node.body.length === 0;
}

function topOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : '';
}
