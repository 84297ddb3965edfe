import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDigitalLink } from '../../testing/digital-link-format.ts';
import { checkDigitOf } from '../gtin.ts';
import { parseBracketed } from './bracketed.ts';
import { parseDigitalLink } from './digital-link.ts';
import { formatElementString, parseElementString } from './element-string.ts';

const gtins = fc.integer({ min: 1, max: 9_999_999_999_999 }).map((number) => {
  const body = String(number).padStart(13, '0');
  return { identifier: '01', value: body + checkDigitOf(body) };
});
const text82 = fc
  .array(fc.constantFrom(...'!"%&\'()*+,-./09:;<=>?AZ_az'), { minLength: 1, maxLength: 20 })
  .map((characters) => characters.join(''));
const lots = text82.map((value) => ({ identifier: '10', value }));
const serials = text82.map((value) => ({ identifier: '21', value }));
const dates = fc.constantFrom('271231', '280229', '270600').map((value) => ({ identifier: '17', value }));
const items = fc.tuple(gtins, lots, serials, dates).map((elements) => [...elements]);

test('elements written as an element string are read back, in any order', () => {
  const shuffled = items.chain((elements) => fc.shuffledSubarray(elements, { minLength: 1 }));
  fc.assert(
    fc.property(shuffled, (elements) => {
      expect(parseElementString(formatElementString(elements))).toEqual({ outcome: 'elements', elements });
    }),
  );
});

test('elements written as a link are read back', () => {
  fc.assert(
    fc.property(items, (elements) => {
      const link = formatDigitalLink(elements);
      expect(link.outcome === 'uri' && parseDigitalLink(link.uri)).toEqual({ outcome: 'elements', elements });
    }),
  );
});

test('elements in brackets are read back where the brackets of their values are escaped', () => {
  fc.assert(
    fc.property(items, (elements) => {
      const text = elements.map(({ identifier, value }) => `(${identifier})${value.replaceAll('(', '\\(')}`).join('');
      expect(parseBracketed(text)).toEqual({ outcome: 'elements', elements });
    }),
  );
});

test('no text makes a reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const parse of [parseElementString, parseBracketed, parseDigitalLink])
        expect(parse(text).outcome).toBeTypeOf('string');
      expect(parseDigitalLink(`https://a/01/${text}`).outcome).toBeTypeOf('string');
    }),
  );
});

test('a refusal names the identifier and what is wrong with it, for a person to read', () => {
  expect(parseElementString('0104006381333932')).toMatchObject({
    problem: { code: 'incorrect-check-digit', identifier: '01', message: '(01) the check digit is wrong' },
  });
  expect(parseElementString('17271301')).toMatchObject({
    problem: { code: 'illegal-month', message: '(17) there is no such month' },
  });
  expect(parseElementString('8110')).toMatchObject({ problem: { message: '(8110) cannot be 0 characters long' } });
});
