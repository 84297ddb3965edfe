import { describe, expect, test } from 'vitest';
import { openSampleData } from '../../testing/sample-data.ts';
import { matches, syntaxAt, syntaxOf, valueLengthMax } from './syntax.ts';
import { syntaxTable } from './syntax-table.ts';

test('a line of the table becomes components, flags and associations', () => {
  expect(syntaxOf('253')).toMatchObject({
    title: 'GDTI',
    isPredefinedLength: false,
    isLinkAttribute: true,
    components: [
      { charset: 'N', lengthMin: 13, lengthMax: 13, isOptional: false, linters: ['csum', 'gcppos1'] },
      { charset: 'X', lengthMin: 1, lengthMax: 17, isOptional: true, linters: [] },
    ],
    keyQualifiers: [[]],
  });
  expect(syntaxOf('21')?.isLinkAttribute).toBe(false);
  expect(syntaxOf('01')?.keyQualifiers).toEqual([['22', '10', '21'], ['235']]);
  expect(syntaxOf('250')?.requires).toEqual([
    [
      ['01', '21'],
      ['03', '21'],
      ['8006', '21'],
    ],
  ]);
});

test('a range stands for each of its identifiers', () => {
  expect(syntaxOf('3105')?.identifier).toBe('3105');
  expect(syntaxOf('3106')).toBeUndefined();
});

test('no identifier is the beginning of another', () => {
  expect(syntaxAt('3103000123', 0)?.identifier).toBe('3103');
  expect(syntaxAt('310', 0)).toBeUndefined();
  expect(valueLengthMax(syntaxOf('7003') ?? expect.fail())).toBe(10);
});

test('n in a pattern is any digit', () => {
  expect([matches('31nn', '3103'), matches('31nn', '3203'), matches('31nn', '310')]).toEqual([true, false, false]);
});

const dictionary = openSampleData('contract-gs1/gs1-syntax-dictionary.txt');
describe.skipIf(!dictionary.isPresent)(`GS1's syntax dictionary${dictionary.skipReason}`, () => {
  test('the table holds every entry of it', () => {
    const squeeze = (lines: string) =>
      lines
        .split('\n')
        .filter((line) => /^[0-9]/.test(line))
        .map((line) => line.replace(/\s+/g, ' ').trim());
    expect(squeeze(syntaxTable)).toEqual(squeeze(dictionary.text()));
  });
});
