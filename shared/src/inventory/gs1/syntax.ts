import { assert, must } from '../../runtime/assert.ts';
import { type Charset, charsets, isLinterName, type LinterName } from './linters.ts';
import { syntaxTable } from './syntax-table.ts';

/** A part of an identifier's value. Only the last one present may be shorter than `lengthMax`. */
export type Component = {
  readonly charset: Charset;
  readonly lengthMin: number;
  readonly lengthMax: number;
  readonly isOptional: boolean;
  readonly linters: readonly LinterName[];
};

/** All identifiers of a group together; `n` in a pattern stands for any digit: `31nn`. */
export type PatternGroup = readonly string[];

/** What the syntax table says about one Application Identifier. */
export type Syntax = {
  readonly identifier: string;
  /** What a label prints beside it, for example `USE BY or EXPIRY`. */
  readonly title: string;
  readonly components: readonly Component[];
  /** Its length is fixed by its first two digits, so that no separator follows it. */
  readonly isPredefinedLength: boolean;
  /** May stand behind the `?` of a Digital Link. */
  readonly isLinkAttribute: boolean;
  /** For each list, one of its groups has to be on the item too. */
  readonly requires: readonly (readonly PatternGroup[])[];
  /** None of these may be on the item too. */
  readonly excludes: readonly string[];
  /** For an identifier that may be the key of a Digital Link: the orders of qualifiers that may follow it. */
  readonly keyQualifiers?: readonly (readonly string[])[];
};

/** Two to four digits are an identifier; none is the beginning of another. */
const IDENTIFIER_LENGTHS = [2, 3, 4] as const;
const syntaxes: ReadonlyMap<string, Syntax> = readTable(syntaxTable);

/** The syntax of an identifier, or `undefined` for one that is not in the table. */
export function syntaxOf(identifier: string): Syntax | undefined {
  return syntaxes.get(identifier);
}

/** The syntax of the identifier that a text starts with at `position`. */
export function syntaxAt(text: string, position: number): Syntax | undefined {
  for (const length of IDENTIFIER_LENGTHS) {
    const syntax = syntaxes.get(text.slice(position, position + length));
    if (syntax) return syntax;
  }
  return undefined;
}

/** The most characters that the value of an identifier has. */
export function valueLengthMax(syntax: Syntax): number {
  return syntax.components.reduce((sum, component) => sum + component.lengthMax, 0);
}

/** `matches('31nn', '3103')` */
export function matches(pattern: string, identifier: string): boolean {
  if (pattern.length !== identifier.length) return false;
  return [...pattern].every((character, place) => character === 'n' || character === identifier[place]);
}

function readTable(text: string): ReadonlyMap<string, Syntax> {
  const found = new Map<string, Syntax>();
  for (const line of text.trim().split('\n')) {
    const [specification = '', title = ''] = line.split(' # ');
    const [range = '', ...words] = specification.trim().split(' ');
    const shared = readWords(words, title);
    for (const identifier of identifiersOf(range)) found.set(identifier, { identifier, ...shared });
  }
  return found;
}

function identifiersOf(range: string): readonly string[] {
  const [first = '', last = first] = range.split('-');
  const count = Number(last) - Number(first) + 1;
  assert(count > 0, () => `no identifiers in ${range}`);
  return Array.from({ length: count }, (_, step) => String(Number(first) + step).padStart(first.length, '0'));
}

function readWords(words: readonly string[], title: string): Omit<Syntax, 'identifier'> {
  const flags = words.filter((word) => /^[*?]+$/.test(word)).join('');
  const attributes = (name: string) =>
    words.filter((word) => word === name || word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1));
  const [qualifiers] = attributes('dlpkey');
  return {
    title,
    components: words.filter((word) => /^\[?[NXYZ][0-9.]/.test(word)).map(readComponent),
    isPredefinedLength: flags.includes('*'),
    isLinkAttribute: flags.includes('?'),
    requires: attributes('req').map((list) => list.split(',').map((group) => group.split('+'))),
    excludes: attributes('ex').flatMap((list) => list.split(',')),
    ...(qualifiers === undefined
      ? {}
      : { keyQualifiers: qualifiers.split('|').map((order) => (order === '' ? [] : order.split(','))) }),
  };
}

function readComponent(word: string): Component {
  const [, opening, charset, dots, digits, linters = ''] = must(
    /^(\[)?([NXYZ])(\.\.)?([0-9]+)\]?((?:,[a-z0-9]+)*)$/.exec(word),
    `cannot read component ${word}`,
  );
  assert(charset !== undefined && Object.hasOwn(charsets, charset), () => `no character set ${charset}`);
  const lengthMax = Number(digits);
  return {
    charset: charset as Charset,
    lengthMin: dots === undefined ? lengthMax : 1,
    lengthMax,
    isOptional: opening !== undefined,
    linters: linters
      .split(',')
      .slice(1)
      .map((name) => {
        assert(isLinterName(name), () => `no linter ${name}`);
        return name;
      }),
  };
}
