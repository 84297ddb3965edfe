import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSampleData } from '../testing/sample-data.ts';
import { checkDigitOf, formatGtin, type Gtin, hasRightCheckDigit, isRestricted, normaliseGtin } from './gtin.ts';

const candidatesOf = (text: string): readonly string[] => {
  const reading = normaliseGtin(text);
  return reading.outcome === 'gtin' ? reading.candidates : [];
};

const digits = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((list) => list.join(''))
    .filter((text) => /[1-9]/.test(text));
const arbitraryPrinted = fc
  .constantFrom(7, 11, 12, 13)
  .chain(digits)
  .map((body) => body + checkDigitOf(body));

test.each([
  ['EAN-13', '4006381333931', ['04006381333931']],
  ['UPC-A', '036000291452', ['00036000291452']],
  ['GTIN-14', '10614141000415', ['10614141000415']],
  ['EAN-8', '40170725', ['00000040170725']],
  ['UPC-E with check digit, zeros by 0 to 2', '04252614', ['00042100005264']],
  ['UPC-E with check digit, zeros by 3', '01234531', ['00012300000451']],
  ['UPC-E with check digit, zeros by 4', '01234543', ['00012340000053']],
  ['UPC-E without check digit', '425261', ['00042100005264']],
])('reads %s', (_, text, candidates) => {
  expect(candidatesOf(text)).toEqual(candidates);
});

test('eight digits that check both ways come back both ways, the one that is not shop-internal first', () => {
  expect(candidatesOf('10000007')).toEqual(['00000010000007', '00100000000007']);
  // Where the last digit says that the zeros were at the end (5 to 9), both check digits are always the same.
  expect(candidatesOf('01234565')).toEqual(['00012345000065', '00000001234565']);
});

test.each([
  ['', 'characters'],
  ['40063813x3931', 'characters'],
  ['٤٠٠٦٣٨١٣٣٣٩٣١', 'characters'],
  ['0000000000000', 'placeholder'],
  ['12345', 'length'],
  ['400638133393', 'check-digit'],
  ['104006381333931', 'length'],
])('refuses %j for its %s', (text, reason) => {
  expect(normaliseGtin(text)).toMatchObject({ outcome: 'refused', reason });
});

test('a wrong check digit is refused with the one that was due', () => {
  expect(normaliseGtin('4006381333932')).toMatchObject({ reason: 'check-digit', due: '1' });
});

test('numbers of restricted circulation are told from GTINs of the world', () => {
  const restricted = ['2012345678903', '0212345678909', '212345678992', '20123451', '412345678903'];
  const world = ['4006381333931', '036000291452', '40170725', '10614141000415'];
  expect(restricted.map((text) => candidatesOf(text).map((gtin) => isRestricted(gtin as Gtin)))).toEqual([
    [true],
    [true],
    [true],
    [true],
    [true],
  ]);
  expect(world.map((text) => candidatesOf(text).map((gtin) => isRestricted(gtin as Gtin)))).toEqual([
    [false],
    [false],
    [false],
    [false],
  ]);
});

test('a GTIN printed and read again is the same GTIN', () => {
  fc.assert(
    fc.property(arbitraryPrinted, (printed) => {
      for (const gtin of candidatesOf(printed)) expect(candidatesOf(formatGtin(gtin as Gtin))).toContain(gtin);
    }),
  );
});

test('every single wrong digit is detected', () => {
  const mistakes = fc.record({ printed: arbitraryPrinted, place: fc.nat(13), by: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(mistakes, ({ printed, place, by }) => {
      const at = place % printed.length;
      const wrong = (Number(printed[at]) + by) % 10;
      expect(hasRightCheckDigit(printed)).toBe(true);
      expect(hasRightCheckDigit(printed.slice(0, at) + wrong + printed.slice(at + 1))).toBe(false);
    }),
  );
});

const uhtt = openSampleData('catalogue-barcodes-uhtt/barcodes_a.csv.gz');
describe.skipIf(!uhtt.isPresent)(`24,680 printed barcodes${uhtt.skipReason}`, () => {
  test('all of 12 and 13 digits are read; of those with 8 so many as EAN-8, as UPC-E and as both', () => {
    const codes = uhtt
      .text()
      .split('\n')
      .map((line) => /^[0-9]+,([0-9]+),/.exec(line)?.[1] ?? '');
    const long = codes.filter((code) => code.length === 12 || code.length === 13);
    const short = codes.filter((code) => code.length === 8);
    expect([long.length, short.length]).toEqual([22_199, 2_481]);
    expect(long.filter((code) => candidatesOf(code).length !== 1)).toEqual([]);

    const asEan8 = short.filter((code) => candidatesOf(code).includes(code.padStart(14, '0')));
    const asUpcE = short.filter((code) => candidatesOf(code).some((gtin) => gtin !== code.padStart(14, '0')));
    const asBoth = asEan8.filter((code) => asUpcE.includes(code));
    expect([asEan8.length, asUpcE.length, asBoth.length]).toEqual([2_250, 374, 143]);
    expect(short.filter((code) => candidatesOf(code).length === 0)).toEqual([]);
  });
});
