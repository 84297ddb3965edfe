import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSampleData } from '../testing/sample-data.ts';
import { checkDigitOf } from './gtin.ts';
import { repairGtin } from './gtin-repair.ts';

test('a whole number is taken as it is', () => {
  expect(repairGtin('4006381333931')).toMatchObject({ gtin: '04006381333931', zerosAdded: 0, note: 'taken as it is' });
});

test.each([
  ['36000291452', '00036000291452', 1, '1 leading zero put back, the check digit agrees'],
  ['1234500007', '00001234500007', 2, '2 leading zeros put back, the check digit agrees'],
  ['4252614', '00042100005264', 1, '1 leading zero put back, the check digit agrees'],
])('%s gets its zeros back and says so', (text, gtin, zerosAdded, note) => {
  expect(repairGtin(text)).toMatchObject({ outcome: 'gtin', gtin, zerosAdded, note });
});

test.each([
  ['36000291453', 'check-digit'],
  ['36000 91452', 'characters'],
  ['00000000000', 'placeholder'],
  ['12345', 'length'],
  ['123456789012345', 'length'],
])('%s is beyond repair for its %s', (text, reason) => {
  expect(repairGtin(text)).toMatchObject({ outcome: 'refused', reason });
});

test('six digits are only taken where a check digit proves them', () => {
  expect(repairGtin('425262')).toMatchObject({ outcome: 'refused', reason: 'check-digit' });
  expect(repairGtin('946407')).toMatchObject({ outcome: 'gtin', gtin: '00000000946407' });
});

test('a UPC-A that lost its zeros is among the readings of what is left', () => {
  const bodies = fc.integer({ min: 100_000, max: 9_999_999_999 }).map((number) => String(number).padStart(11, '0'));
  fc.assert(
    fc.property(bodies, (body) => {
      const whole = body + checkDigitOf(body);
      const repair = repairGtin(whole.replace(/^0+/, ''));
      expect(repair.outcome === 'gtin' ? [repair.gtin, ...repair.alternatives] : []).toContain(whole.padStart(14, '0'));
    }),
  );
});

const usda = openSampleData('catalogue-usda-branded/branded_a.csv');
describe.skipIf(!usda.isPresent)(`6,365 rows of a catalogue that lost its zeros${usda.skipReason}`, () => {
  test('6,214 check once padded, 14 more as UPC-E; the rest is refused for its check digit', () => {
    const codes = usda
      .text()
      .split('\n')
      .map((line) => /^[0-9]+,([0-9]+),/.exec(line)?.[1] ?? '')
      .filter((code) => code !== '');
    expect(codes).toHaveLength(6_365);
    const repairs = codes.map((code) => ({ code, repair: repairGtin(code) }));
    const padded = repairs.filter(
      ({ code, repair }) =>
        repair.outcome === 'gtin' &&
        [repair.gtin, ...repair.alternatives].some((gtin) => gtin === code.padStart(14, '0')),
    );
    expect(padded).toHaveLength(6_214);
    const refusals = repairs.flatMap(({ repair }) => (repair.outcome === 'refused' ? [repair.reason] : []));
    expect(codes.length - padded.length - refusals.length).toBe(14);
    expect(refusals.filter((reason) => reason !== 'check-digit')).toEqual([]);
  });
});
