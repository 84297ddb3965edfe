import { type Area, areas, globalHomes, type Home, libraryHomes, pureModules, timerModules } from './import-table.ts';
import { covers, coversAny, isForTests, packageOf } from './places.ts';
import type { SourceFile } from './source-tree.ts';
import { dottedName, type Import, importsOf, isNode, lineOf, nameOf, walk } from './syntax.ts';
import type { SyntaxNode } from './syntax-node.ts';

/** Everything in the file that the import table forbids, each as `path:line: what`. */
export function importViolations(file: SourceFile): readonly string[] {
  const area = areaOf(file.path);
  const isInTable = area !== undefined || isForTests(file.path) || packageOf(file.path) === 'root';
  if (!isInTable) return [`${file.path}:1: its folder is not in scripts/house-rules/import-table.ts`];
  const imports = importsOf(file);
  return [
    ...imports.flatMap((imported) => importProblem(file, area, imported)),
    ...(area?.isSynchronous && !isForTests(file.path) ? asynchronousParts(file) : []),
    ...strayGlobals(file),
  ];
}

/** The narrowest area wins: `edge-node.ts` before the folder it lies in. */
function areaOf(path: string): Area | undefined {
  return areas
    .filter((area) => covers(area.place, path))
    .sort((a, b) => b.place.length - a.place.length)
    .at(0);
}

function importProblem(file: SourceFile, area: Area | undefined, imported: Import): readonly string[] {
  const problem = imported.path
    ? fileProblem(file.path, area, imported, imported.path)
    : (homeProblem(file.path, imported.library, libraryHomes) ?? builtinProblem(file.path, area, imported.builtin));
  return problem ? [`${file.path}:${imported.line}: imports ${imported.specifier}: ${problem}`] : [];
}

function fileProblem(importer: string, area: Area | undefined, imported: Import, target: string): string | undefined {
  const isTest = isForTests(importer);
  if (isForTests(target) && !isTest && !coversAny(['lab/**', 'scripts/**'], importer)) return 'that is for tests only';
  const [from, to] = [packageOf(importer), packageOf(target)];
  if (from !== to && imported.specifier.startsWith('.')) return 'a relative path may not leave its package';
  // A test may look behind any door of its own package, not into the other deployable.
  if (isTest && (from === to || to === 'shared')) return undefined;
  const onlyFor = areaOf(target)?.onlyFor;
  const isOwnFile = area !== undefined && covers(area.place, target);
  if (onlyFor && !isOwnFile && !coversAny(onlyFor, importer)) return `that is only for ${onlyFor.join(', ')}`;
  if (!area || isOwnFile || coversAny(area.mayImport, target)) return undefined;
  if (imported.isTypeOnly && coversAny(area.mayImportTypesOf ?? [], target)) return undefined;
  return `${area.place} may import only ${[...area.mayImport, ...(area.mayImportTypesOf ?? [])].join(', ')}`;
}

function homeProblem(importer: string, name: string | undefined, homes: readonly Home[]): string | undefined {
  const home = homes.find(({ of }) => name !== undefined && of.includes(name));
  if (!home || coversAny(home.places, importer)) return undefined;
  if (isForTests(importer) && (home.isFreeForTests || importer.endsWith(`.${name}.test.ts`))) return undefined;
  return `${name} has its home in ${home.places.join(', ')}`;
}

function builtinProblem(importer: string, area: Area | undefined, builtin: string | undefined): string | undefined {
  if (!builtin || !area || isForTests(importer)) return undefined;
  if (timerModules.has(builtin)) return homeProblem(importer, 'setTimeout', globalHomes);
  const isAllowed = area.node === 'any' || (area.node === 'pure' && pureModules.has(builtin));
  return isAllowed ? undefined : `${area.place} does no input or output`;
}

/** Rules are decided at once, inside a transaction: whatever can wait has no place in them. */
function asynchronousParts(file: SourceFile): readonly string[] {
  const found: string[] = [];
  walk(file.program, (node) => {
    const isWaiting = node.type === 'AwaitExpression' || node.async === true || node.await === true;
    const isPromise = node.type === 'Identifier' && node.name === 'Promise';
    if (isWaiting || isPromise) found.push(`${file.path}:${lineOf(file, node)}: a rule may not be asynchronous`);
  });
  return found;
}

function strayGlobals(file: SourceFile): readonly string[] {
  const found: string[] = [];
  walk(file.program, (node, parent, field) => {
    for (const name of globalNames(node, parent, field)) {
      const problem = homeProblem(file.path, name, globalHomes);
      if (problem) found.push(`${file.path}:${lineOf(file, node)}: ${problem}`);
    }
  });
  return found;
}

/** The things of the platform that this node reads or calls. */
function globalNames(node: SyntaxNode, parent: SyntaxNode | undefined, field: string): readonly string[] {
  switch (node.type) {
    case 'NewExpression': {
      const isNow = dottedName(node.callee) === 'Date' && Array.isArray(node.arguments) && node.arguments.length === 0;
      return isNow ? ['new Date()'] : [];
    }
    case 'MemberExpression':
      return [dottedName(node)?.replace(/^globalThis\./, '') ?? ''];
    case 'VariableDeclarator':
      return takenApart(node);
    case 'ImportSpecifier':
      return importedFromProcess(node, parent);
    case 'Identifier':
      return isReference(parent, field) ? [String(node.name)] : [];
    default:
      return [];
  }
}

/** `clock.setTimeout`, `{ setTimeout: … }` and the types of things are not the things. */
function isReference(parent: SyntaxNode | undefined, field: string): boolean {
  const isPlain = parent?.computed !== true && parent?.shorthand !== true;
  const isName = (field === 'property' || field === 'key') && isPlain;
  return !isName && field !== 'exprName' && !parent?.type.startsWith('TS');
}

/** `const { env } = process`. */
function takenApart(declarator: SyntaxNode): readonly string[] {
  const object = dottedName(declarator.init);
  const pattern = declarator.id;
  if (!object || !isNode(pattern) || !Array.isArray(pattern.properties)) return [];
  return pattern.properties.filter(isNode).map(({ key, computed }) => `${object}.${nameOf(key, computed === true)}`);
}

/** `import { env } from 'node:process'`. */
function importedFromProcess(node: SyntaxNode, parent: SyntaxNode | undefined): readonly string[] {
  const source = isNode(parent?.source) ? parent.source.value : undefined;
  return source === 'node:process' || source === 'process' ? [`process.${nameOf(node.imported, false)}`] : [];
}
