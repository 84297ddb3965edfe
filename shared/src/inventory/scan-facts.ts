import type { Element } from './gs1/element.ts';
import { isoDateOf } from './gs1/gs1-date.ts';
import type { Gtin } from './gtin.ts';

/** What GS1 elements say beyond which item it is. */
export type ScannedFacts = {
  /** The item: (01), or the content of a logistic unit: (02). */
  readonly gtin?: Gtin;
  /** (10) */
  readonly lot?: string;
  /** `YYYY-MM-DD`: use by (17), else expiry with time (7003), else best before (15). Its last day, where only the month is known. */
  readonly expiry?: string;
  /** (21) */
  readonly serial?: string;
  /** How many: variable count (30), else items in the logistic unit (37). Absent when the label does not say, or says 0. */
  readonly units?: number;
  /** Net weight (310n) in grams; a fraction where the label is finer than grams. */
  readonly weightGrams?: number;
};

const KILOGRAM_DECIMALS = 3;

/** Picks the facts out of elements that have been checked. `today` decides the century of two-digit years. */
export function factsOf(elements: readonly Element[], today: string | undefined): ScannedFacts {
  const values = new Map(elements.map(({ identifier, value }) => [identifier, value]));
  const first = (...identifiers: readonly string[]) =>
    identifiers.map((identifier) => values.get(identifier)).find((value) => value !== undefined);
  const gtin = first('01', '02');
  const lot = first('10');
  const expiry = first('17', '7003', '15');
  const serial = first('21');
  const units = Number(first('30', '37') ?? 0);
  const weightGrams = weightOf(elements);
  return {
    ...(gtin === undefined ? {} : { gtin: gtin as Gtin }),
    ...(lot === undefined ? {} : { lot }),
    ...(expiry === undefined ? {} : { expiry: isoDateOf(expiry.slice(0, 6), today) }),
    ...(serial === undefined ? {} : { serial }),
    ...(units === 0 ? {} : { units }),
    ...(weightGrams === undefined ? {} : { weightGrams }),
  };
}

/** The last digit of (310n) is the number of decimals of the kilograms. */
function weightOf(elements: readonly Element[]): number | undefined {
  const weight = elements.find(({ identifier }) => /^310[0-5]$/.test(identifier));
  if (!weight) return undefined;
  const shift = KILOGRAM_DECIMALS - Number(weight.identifier.slice(-1));
  // Dividing by a whole power of ten rounds once; multiplying by 0.1 would not give 123.45.
  return shift >= 0 ? Number(weight.value) * 10 ** shift : Number(weight.value) / 10 ** -shift;
}
