import { describe, expect, test } from 'vitest';
import { formatDigitalLink } from '../../testing/digital-link-format.ts';
import { openSampleData } from '../../testing/sample-data.ts';
import { checkDigitOf, hasRightCheckDigit } from '../gtin.ts';
import {
  findConflictingRepeat,
  findExcludedPair,
  findMissingRequirement,
  findUnserialisedSignedKey,
} from './association.ts';
import { parseBracketed } from './bracketed.ts';
import { hasSymbologyIdentifier, parseCarrier, type Symbology } from './carrier.ts';
import { parseDigitalLink } from './digital-link.ts';
import type { Element, ElementsReading } from './element.ts';
import { formatElementString, parseElementString } from './element-string.ts';
import { isLinterName, linters } from './linters.ts';

/**
 * GS1's own test vectors, by kind. In them `^` stands for the separator and for the FNC1 in front. What we answer differently
 * is listed with its reason, case by case; everything else has to agree in full (answer, element string, complaint, place).
 */
type Vector = { readonly kind: string; readonly input: string; readonly ok?: boolean } & Readonly<
  Record<string, unknown>
>;

const data = openSampleData('contract-gs1/vectors_a.jsonl');
const vectors: readonly Vector[] = data.isPresent
  ? data
      .text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  : [];

const caret = (text: string) => text.replaceAll('\u001d', '^');
const separators = (text: string) => text.replaceAll('^', '\u001d');

/** The answer in the vector's own terms: only the fields that the vector of this kind has. */
type Answer = Readonly<Record<string, unknown>>;

const answers: Readonly<Record<string, (vector: Vector) => Answer>> = {
  check_digit: ({ input }) =>
    hasRightCheckDigit(input) ? { ok: true } : { ok: false, correct_digit: checkDigitOf(input.slice(0, -1)) },
  parse_bracketed_ai: ({ input }) => elementStringOf(parseBracketed(input)),
  validate_element_string: ({ input }) => ({
    ok: input.startsWith('^') && parseElementString(separators(input.slice(1))).outcome === 'elements',
  }),
  ai_linter: ({ input }) => {
    const reading = parseBracketed(input);
    return reading.outcome === 'elements'
      ? { ok: true, error: null }
      : { ok: false, error: theirName(reading.problem.code) };
  },
  ai_association: ({ input, rule }) => {
    const reading = parseBracketed(input, 'keep');
    return { ok: reading.outcome === 'elements' && associations[String(rule)]?.(reading.elements) === undefined };
  },
  scan_data_parse: ({ input }) => scanOf(input),
  digital_link_parse: ({ input }) => elementStringOf(parseDigitalLink(input)),
  digital_link_generate: ({ input, stem }) => {
    const reading = parseBracketed(input, 'keep');
    if (reading.outcome !== 'elements') return { ok: false, uri: null };
    const link = formatDigitalLink(reading.elements, typeof stem === 'string' ? stem : undefined);
    return link.outcome === 'uri' ? { ok: true, uri: link.uri } : { ok: false, uri: null };
  },
  component_linter: ({ input, linter }) => {
    const name = String(linter);
    const problem = isLinterName(name) ? linters[name](input) : undefined;
    if (!problem) return { ok: true };
    const { start, length } = problem;
    const highlight = `${input.slice(0, start)}*${input.slice(start, start + length)}*${input.slice(start + length)}`;
    return { ok: false, error: theirName(problem.code), highlight };
  },
};

const associations: Readonly<Record<string, (elements: readonly Element[]) => unknown>> = {
  validateAIrepeats: findConflictingRepeat,
  validateAImutex: findExcludedPair,
  validateAIrequisites: findMissingRequirement,
  validateDigSigRequiresSerialisedKey: findUnserialisedSignedKey,
};

function elementStringOf(reading: ElementsReading | { readonly outcome: 'other' }): Answer {
  return reading.outcome === 'elements'
    ? { ok: true, element_string: `^${caret(formatElementString(reading.elements))}` }
    : { ok: false, element_string: null };
}

const theirSymbologies: Readonly<Record<Symbology, string>> = {
  'GS1-128': 'GS1_128_CCA',
  'GS1 DataBar': 'DataBarExpanded',
  'EAN-13': 'EAN13',
  'EAN-8': 'EAN8',
  'Data Matrix': 'DM',
  QR: 'QR',
  DotCode: 'DotCode',
};

function scanOf(input: string): Answer {
  const reading = hasSymbologyIdentifier(input) ? parseCarrier(input) : undefined;
  if (!reading || reading.outcome === 'refused' || reading.symbology === undefined) {
    return { ok: false, symbology: null, data: null };
  }
  return { ok: true, symbology: theirSymbologies[reading.symbology], data: theirData(reading) };
}

function theirData(reading: Exclude<ReturnType<typeof parseCarrier>, { outcome: 'refused' }>): string {
  if (reading.outcome === 'elements') return `^${caret(formatElementString(reading.elements))}`;
  // Their data escapes a text that starts like an element string.
  if (reading.outcome === 'text') return reading.text.replace(/^(\\*)\^/, '\\$1^');
  const composite = reading.composite.length > 0 ? `|^${caret(formatElementString(reading.composite))}` : '';
  return reading.digits + composite;
}

/** `illegal-month` is GS1_LINTER_ILLEGAL_MONTH; one of theirs is misspelt. */
function theirName(code: string): string {
  return `GS1_LINTER_${code.toUpperCase().replaceAll('-', '_').replace('INVALID_EXPIRATION', 'INVALID_EXIPIRATION')}`;
}

const NO_REGISTER =
  'their test plugs in a register of company prefixes, which a warehouse without a network has not got';
const NOT_PADDED = 'their test switches off the padding of short GTINs, which labels of Digital Link 1.0 need';

/** `kind`, input and the reason that our answer differs. */
const accepted: readonly { readonly kind: string; readonly input: string; readonly reason: string }[] = [
  { kind: 'component_linter', input: '012345612345611110123', reason: NO_REGISTER },
  { kind: 'component_linter', input: '012345612345611110123101101230123456', reason: NO_REGISTER },
  { kind: 'component_linter', input: '01234561234561111012321101230123456', reason: NO_REGISTER },
  { kind: 'component_linter', input: '1234567', reason: NO_REGISTER },
  { kind: 'digital_link_parse', input: 'https://a/01/416000336108', reason: NOT_PADDED },
  { kind: 'digital_link_parse', input: 'https://a/8004/9520614141234567?01=2112345678900', reason: NOT_PADDED },
];

/** Kinds whose subject the product does not have. */
const notOurs = { scan_data_generate: 'nothing here prints symbols, so nothing plays the scanner of them' } as const;

const differs = (vector: Vector) => {
  const answer = answers[vector.kind]?.(vector) ?? {};
  return Object.entries(answer).some(([field, value]) => field in vector && vector[field] !== value);
};

describe.skipIf(!data.isPresent)(`GS1's test vectors${data.skipReason}`, () => {
  test('every kind is either answered or set aside with a reason', () => {
    const kinds = new Set(vectors.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([...Object.keys(answers), ...Object.keys(notOurs)].sort());
    const names = vectors.filter(({ kind }) => kind === 'component_linter').map(({ linter }) => String(linter));
    expect(names.filter((name) => !isLinterName(name))).toEqual([]);
  });

  test.each(Object.keys(answers))('%s agrees in full, but for the accepted differences', (kind) => {
    const ours = vectors.filter((vector) => vector.kind === kind);
    expect(ours.length).toBeGreaterThan(0);
    const wrong = ours.filter((vector) => differs(vector)).map(({ input }) => input);
    const allowed = new Set(accepted.filter((difference) => difference.kind === kind).map(({ input }) => input));
    expect(wrong.filter((input) => !allowed.has(input))).toEqual([]);
    expect([...allowed].filter((input) => !wrong.includes(input))).toEqual([]);
  });
});
