import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readScan } from './scan.ts';

const GS = '\u001d';

test.each([
  ['an EAN-13', '4006381333931', ['04006381333931', '4006381333931']],
  ['a UPC-A with the line end of the scanner', ' 036000291452\r\n', ['00036000291452', '036000291452']],
  ['a case of it', '10614141000415', ['10614141000415']],
  ['an EAN-8', '40170725', ['00000040170725', '40170725']],
  ['eight digits that may be EAN-8 or UPC-E', '10000007', ['00000010000007', '00100000000007', '10000007']],
  ['six digits, perhaps UPC-E', '425261', ['425261', '00042100005264']],
  ['an EAN-13 with its AIM identifier', ']E04006381333931', ['04006381333931', '4006381333931']],
  ["a shop's own code", 'SHELF-17/B', ['SHELF-17/B']],
  ["a shop's own code in Code 128", ']C0SHELF-17/B', ['SHELF-17/B']],
  ['eleven digits, which a scan never is for a lost zero', '36000291452', ['36000291452']],
  ['a web address without a key', 'https://example.com/shop', ['https://example.com/shop']],
])('%s is looked up by its digits and its text', (_, text, candidates) => {
  expect(readScan(text)).toEqual({ outcome: 'item', candidates });
});

test("a wrong check digit makes a number the shop's own, with a warning", () => {
  expect(readScan('4006381333932')).toEqual({
    outcome: 'item',
    candidates: ['4006381333932'],
    warning: 'check digit 2, due was 1: scan again if the catalogue does not know the code',
  });
});

test('a number with a price or weight in it is looked up as scanned first, with a warning', () => {
  expect(readScan('2012345678903')).toEqual({
    outcome: 'item',
    candidates: ['2012345678903', '02012345678903'],
    warning: 'a number of the shop, perhaps with a price or weight in it',
  });
});

const facts = { lot: 'ABC123', expiry: '2027-12-31', serial: 'S1' };
test.each([
  ['an element string', `]d2010400638133393117271231${'10ABC123'}${GS}21S1`],
  ['one without AIM identifier, FNC1 in front', `${GS}01040063813339311727123110ABC123${GS}21S1`],
  ['brackets', '(01)04006381333931(17)271231(10)ABC123(21)S1'],
  ['a Digital Link', 'https://id.example.org/01/04006381333931/10/ABC123/21/S1?17=271231'],
  ['a Digital Link in a QR code', ']Q1https://example.org/01/04006381333931/10/ABC123/21/S1?17=271231'],
])('%s says item, lot, expiry and serial in one go', (_, text) => {
  expect(readScan(text)).toEqual({ outcome: 'item', candidates: ['04006381333931'], ...facts });
});

test('elements without any mark of being some are believed only where every one is right, and beside the text', () => {
  const text = '01040063813339311727123110ABC123';
  expect(readScan(text)).toEqual({
    outcome: 'item',
    candidates: ['04006381333931', text],
    lot: 'ABC123',
    expiry: '2027-12-31',
  });
  expect(readScan('01040063813339321727123110ABC123')).toMatchObject({
    candidates: ['01040063813339321727123110ABC123'],
  });
});

test.each([
  ['(02)04006381333931(37)48', { candidates: ['04006381333931'], units: 48 }],
  ['(01)04006381333931(30)6', { units: 6 }],
  ['(01)04006381333931(30)0', {}],
  ['(01)94006381333934(3103)001250', { weightGrams: 1250 }],
  ['(01)94006381333934(3105)012345', { weightGrams: 123.45 }],
  ['(01)94006381333934(3104)000003', { weightGrams: 0.3 }],
  ['(01)94006381333934(3100)000002', { weightGrams: 2000 }],
])('%s says how much', (text, quantity) => {
  const reading = readScan(text);
  expect(reading).toMatchObject({ outcome: 'item', ...quantity });
  expect('units' in reading).toBe('units' in quantity);
});

test.each([
  ['(17)270228(15)260101', '2027-02-28', undefined],
  ['(15)260101', '2026-01-01', undefined],
  ['(7003)2706151200(15)260101', '2027-06-15', undefined],
  ['(17)280200', '2028-02-29', undefined],
  ['(17)270200', '2027-02-28', undefined],
  ['(17)770101', '1977-01-01', '2026-11-23'],
  ['(17)760101', '2076-01-01', '2026-11-23'],
  ['(17)050101', '2105-01-01', '2095-06-01'],
  ['(17)770101', '2077-01-01', undefined],
])('%s expires %s when today is %s', (dates, expiry, today) => {
  const options = today === undefined ? {} : { today };
  expect(readScan(`(01)04006381333931${dates}`, options)).toMatchObject({ expiry });
});

test('the composite part of a retail symbol adds to it', () => {
  expect(readScan(']E04006381333931|]e017271231')).toMatchObject({
    candidates: ['04006381333931', '4006381333931'],
    expiry: '2027-12-31',
  });
});

test('elements without an item are looked up by their text', () => {
  expect(readScan(']C100340123450000000000')).toMatchObject({ outcome: 'item', candidates: ['00340123450000000000'] });
});

test.each([
  ['', 'empty'],
  [' \r\n', 'empty'],
  [']Q1', 'empty'],
  [']d2', 'empty'],
  ['A\u0000B', 'not-text'],
  ['\ud800', 'not-text'],
  ['x'.repeat(4297), 'too-long'],
  ['(01)04006381333932', 'incorrect-check-digit'],
  ['(01)04006381333931(17)271301', 'illegal-month'],
  ['(01)04006381333931(10)A(10)B', 'repeated-with-other-value'],
  ['https://example.org/01/04006381333932', 'incorrect-check-digit'],
  [']C1ABC', 'unknown-identifier'],
  [']E0123', 'malformed'],
])('%j is unreadable: %s, with a hint', (text, reason) => {
  expect(readScan(text)).toEqual({
    outcome: 'unreadable',
    reason,
    message: expect.stringMatching(/./),
    hint: expect.stringMatching(/\.$/),
  });
});

test('every scan has an answer, and every item something to look up', () => {
  const scans = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((text) => `]d2${text}`),
    fc.string().map((text) => `(01)${text}`),
    fc.string().map((text) => `https://a/01/${text}`),
  );
  fc.assert(
    fc.property(scans, (text) => {
      const reading = readScan(text);
      if (reading.outcome === 'item') expect(reading.candidates.every((candidate) => candidate !== '')).toBe(true);
    }),
  );
});
