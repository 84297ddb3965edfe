import { complaintOf, type LintCode } from './linter.ts';
import { charsets, linters } from './linters.ts';
import { type Component, type Syntax, syntaxOf } from './syntax.ts';

/** An Application Identifier with its value: `{ identifier: '17', value: '271231' }`. */
export type Element = { readonly identifier: string; readonly value: string };

export type ElementsReading =
  | { readonly outcome: 'elements'; readonly elements: readonly Element[] }
  | { readonly outcome: 'refused'; readonly problem: Gs1Problem };

/** What is wrong with a text that should have been GS1 elements. `message` is a sentence for a person. */
export type Gs1Problem = {
  readonly code:
    | 'empty'
    | 'malformed'
    | 'unknown-identifier'
    | 'value-too-short'
    | 'value-too-long'
    | 'repeated-with-other-value'
    | 'excluded'
    | 'required-missing'
    | 'key-without-serial'
    | 'misplaced'
    | LintCode;
  readonly identifier?: string;
  readonly message: string;
};

/** `keep` lets identifiers pass that the table does not know (yet); their value is then any text of the GS1 alphabet. */
export type UnknownIdentifiers = 'refuse' | 'keep';

/** The longest value that any identifier has. */
const VALUE_LENGTH_MAX = 90;

export function refused(problem: Gs1Problem): { readonly outcome: 'refused'; readonly problem: Gs1Problem } {
  return { outcome: 'refused', problem };
}

/** Everything the table asks of one value: lengths, alphabets, check digits, dates, codes. Nothing about other elements. */
export function checkElement({ identifier, value }: Element, unknown: UnknownIdentifiers): Gs1Problem | undefined {
  const syntax = syntaxOf(identifier);
  if (syntax) return checkValue(syntax, value);
  if (unknown === 'refuse') return unknownIdentifier(identifier);
  if (value.length === 0) return lengthProblem(identifier, value, 'value-too-short');
  if (value.length > VALUE_LENGTH_MAX) return lengthProblem(identifier, value, 'value-too-long');
  const complaint = charsets.X(value);
  return complaint && lintProblem(identifier, complaint.code);
}

export function unknownIdentifier(identifier: string): Gs1Problem {
  return { code: 'unknown-identifier', identifier, message: `there is no GS1 identifier (${identifier})` };
}

/** Cuts the value into the components of its syntax and tries each. Optional ones may be missing from the end, whole. */
function checkValue({ identifier, components }: Syntax, value: string): Gs1Problem | undefined {
  let position = 0;
  for (const component of components) {
    if (component.isOptional && position === value.length) break;
    const part = value.slice(position, position + component.lengthMax);
    if (part.length < component.lengthMin) return lengthProblem(identifier, value, 'value-too-short');
    const code = complaintAbout(component, part);
    if (code) return lintProblem(identifier, code);
    position += part.length;
  }
  return position < value.length ? lengthProblem(identifier, value, 'value-too-long') : undefined;
}

function complaintAbout({ charset, linters: names }: Component, part: string): LintCode | undefined {
  for (const linter of [charsets[charset], ...names.map((name) => linters[name])]) {
    const complaint = linter(part);
    if (complaint) return complaint.code;
  }
  return undefined;
}

function lintProblem(identifier: string, code: LintCode): Gs1Problem {
  return { code, identifier, message: `(${identifier}) ${complaintOf(code)}` };
}

function lengthProblem(identifier: string, value: string, code: 'value-too-short' | 'value-too-long'): Gs1Problem {
  return { code, identifier, message: `(${identifier}) cannot be ${value.length} characters long` };
}
