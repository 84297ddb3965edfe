import { describe, expect, test } from 'vitest';
import type { RawLine } from './columns.ts';
import { type LineMeaning, lineMeaning, type MeaningRules } from './line-meaning.ts';
import { defaultServices, serviceRule } from './services.ts';

const rules: MeaningRules = {
  isService: serviceRule(defaultServices),
  cancellationPrefix: 'C',
  accountingPrefix: 'A',
};

type Case = readonly [what: string, line: Omit<RawLine, 'row'>, meaning: Partial<LineMeaning> | string];

/** A string in the last place is the reason of a refusal, or why the line is left out. */
const cases: readonly Case[] = [
  ['a plain line is a sale', { quantity: '6' }, { meaning: 'sale', quantity: 6 }],
  ['a sign in front is fine', { quantity: '+6' }, { meaning: 'sale', quantity: 6 }],
  ['a whole number in a spreadsheet costume is whole', { quantity: '6.00' }, { meaning: 'sale', quantity: 6 }],
  ['a huge quantity is a fact', { quantity: '74215' }, { meaning: 'sale', quantity: 74_215 }],
  ['the largest quantity the ledger takes', { quantity: '1000000000000' }, { meaning: 'sale', quantity: 1e12 }],
  ['more than the ledger takes', { quantity: '1000000000001' }, 'quantity-too-large'],
  ['nothing was sold', { quantity: '0' }, 'quantity-zero'],
  ['nothing was returned', { quantity: '-0' }, 'quantity-zero'],
  ['half a unit', { quantity: '0.5' }, 'quantity-not-whole'],
  ['an exponent', { quantity: '1e3' }, 'quantity-not-whole'],
  ['a thousands separator', { quantity: '1,000' }, 'quantity-not-whole'],
  ['no quantity', { quantity: ' ' }, 'quantity-missing'],

  [
    'a negative line of a cancellation is a return',
    { receipt: 'C536379', quantity: '-1' },
    { meaning: 'return', quantity: 1 },
  ],
  ['a cancellation that hands out goods', { receipt: 'C536379', quantity: '1' }, 'cancellation-not-negative'],
  ['the prefix needs a number behind it', { receipt: 'CASH-17' }, { meaning: 'sale', quantity: 1 }],
  ['bad debt is book-keeping', { receipt: 'A563185', sku: 'B' }, 'accounting-entry'],
  [
    'a negative line without money is a write-off',
    { quantity: '-9', price: '0' },
    { meaning: 'write-off', quantity: 9, reason: 'other' },
  ],
  [
    'a negative line without a price column too',
    { quantity: '-9' },
    { meaning: 'write-off', quantity: 9, reason: 'other' },
  ],
  ['spoilt goods are damaged', { quantity: '-9', name: 'wet/rusty' }, { meaning: 'write-off', reason: 'damaged' }],
  [
    'a negative line with money back is a return',
    { quantity: '-2', price: '4.95' },
    { meaning: 'return', quantity: 2 },
  ],

  ['the stated kind decides', { kind: 'Refund', quantity: '2' }, { meaning: 'return', quantity: 2 }],
  ['a stated return may be negative', { kind: 'return', quantity: '-2' }, { meaning: 'return', quantity: 2 }],
  ['a negative sale is a return', { kind: 'sale', quantity: '-2' }, { meaning: 'return', quantity: 2 }],
  ['a stated waste', { kind: 'waste', quantity: '3' }, { meaning: 'write-off', quantity: 3 }],
  ['a kind nobody knows', { kind: 'loan', quantity: '3' }, 'kind-unknown'],

  ['no SKU', { sku: '' }, 'sku-missing'],
  ['a SKU that no label can hold', { sku: 'a\u0000b' }, 'sku-malformed'],
  ['a SKU with a space at its end', { sku: '85123A ' }, 'sku-malformed'],
  ['a SKU longer than any', { sku: 'x'.repeat(65) }, 'sku-malformed'],
  ['no receipt', { receipt: '' }, 'receipt-missing'],
  ['postage', { sku: 'POST' }, 'not-goods'],
  ['a bank charge', { sku: 'BANK CHARGES' }, 'not-goods'],
  ['a voucher', { sku: 'gift_0001_30' }, 'not-goods'],
  ['a manual entry in lower case', { sku: 'm' }, 'not-goods'],
  ['an article that looks like a service', { sku: 'PADS' }, { meaning: 'sale', quantity: 1 }],
  ['case matters', { sku: 'post' }, { meaning: 'sale', quantity: 1 }],

  ['book-keeping comes before everything in the line', { receipt: 'A1', sku: '', quantity: 'x' }, 'accounting-entry'],
  ['what it is comes before how many', { sku: 'POST', quantity: '0' }, 'not-goods'],
];

/** Understood, and moving nothing: the other lines of its receipt are recorded. */
const leftOut = ['accounting-entry', 'not-goods', 'quantity-zero'];
const notMoving = (reason: string) =>
  leftOut.includes(reason) ? { meaning: 'left-out', reason } : { meaning: 'refused', refusal: reason };

describe('a line of a point-of-sale file', () => {
  test.each(cases)('%s', (_what, line, meaning) => {
    const expected = typeof meaning === 'string' ? notMoving(meaning) : meaning;
    expect(lineMeaning({ row: 1, sku: '85123A', quantity: '1', receipt: '536365', ...line }, rules)).toMatchObject(
      expected,
    );
  });

  test('means goods for every code, where a shop names no services', () => {
    const line = { row: 1, sku: 'POST', quantity: '1', receipt: '1' };
    expect(lineMeaning(line, { ...rules, isService: serviceRule([]) }).meaning).toBe('sale');
  });

  test('is not taken for a cancellation, where a shop has no prefix for them', () => {
    const line = { row: 1, sku: 'X', quantity: '1', receipt: 'C17' };
    expect(lineMeaning(line, { ...rules, cancellationPrefix: '' }).meaning).toBe('sale');
  });
});
