import { hasRightCheckDigit } from '../gtin.ts';
import { type Element, type Gs1Problem, refused } from './element.ts';
import { parseElementString } from './element-string.ts';

/** The symbologies that GS1 uses, as far as a scanner's AIM identifier tells them apart. */
export type Symbology = 'GS1-128' | 'GS1 DataBar' | 'EAN-13' | 'EAN-8' | 'Data Matrix' | 'QR' | 'DotCode';

/** What a scan that starts with an AIM symbology identifier holds. */
export type CarrierReading =
  /** A symbol that says its data is GS1 elements, and they are. */
  | { readonly outcome: 'elements'; readonly symbology: Symbology; readonly elements: readonly Element[] }
  /** A retail symbol; `composite` are the elements of the 2D part printed on top of it. */
  | {
      readonly outcome: 'retail';
      readonly symbology: 'EAN-13' | 'EAN-8';
      readonly digits: string;
      readonly composite: readonly Element[];
    }
  /** Any text, perhaps a Digital Link. `symbology` is absent for the many that GS1 does not use. */
  | { readonly outcome: 'text'; readonly symbology?: Symbology; readonly text: string }
  | { readonly outcome: 'refused'; readonly problem: Gs1Problem };

type Carrier = { readonly symbology: Symbology; readonly holds: 'elements' | 'text' };

/** By AIM identifier (ISO/IEC 15424): the letter is the symbology, the digit its option. */
const carriers: Readonly<Record<string, Carrier>> = {
  ']C1': { symbology: 'GS1-128', holds: 'elements' },
  ']e0': { symbology: 'GS1 DataBar', holds: 'elements' },
  ']e1': { symbology: 'GS1 DataBar', holds: 'elements' },
  ']e2': { symbology: 'GS1 DataBar', holds: 'elements' },
  ']d1': { symbology: 'Data Matrix', holds: 'text' },
  ']d2': { symbology: 'Data Matrix', holds: 'elements' },
  ']Q1': { symbology: 'QR', holds: 'text' },
  ']Q3': { symbology: 'QR', holds: 'elements' },
  ']J0': { symbology: 'DotCode', holds: 'text' },
  ']J1': { symbology: 'DotCode', holds: 'elements' },
};
const retail = {
  ']E0': { symbology: 'EAN-13', length: 13 },
  ']E4': { symbology: 'EAN-8', length: 8 },
} as const;

const IDENTIFIER = /^\][A-Za-z][0-9A-Za-z]/;
/** Between a retail symbol and its composite part, which comes as DataBar data of its own. */
const COMPOSITE = '|]e0';

/** True for a scan from a scanner set to send the symbology first. */
export function hasSymbologyIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}

/** Reads a scan by its AIM symbology identifier, which the caller has seen (`hasSymbologyIdentifier`). */
export function parseCarrier(text: string): CarrierReading {
  const identifier = text.slice(0, 3);
  const data = text.slice(3);
  if (identifier === ']E0' || identifier === ']E4') return parseRetail(identifier, data);
  const carrier = carriers[identifier];
  if (carrier?.holds !== 'elements') {
    return { outcome: 'text', ...(carrier ? { symbology: carrier.symbology } : {}), text: data };
  }
  const reading = parseElementString(data);
  return reading.outcome === 'refused' ? reading : { ...reading, symbology: carrier.symbology };
}

/** UPC-A and UPC-E come as EAN-13, with their zeros. The scanner has verified the check digit; a wrong one is no such symbol. */
function parseRetail(identifier: keyof typeof retail, data: string): CarrierReading {
  const { symbology, length } = retail[identifier];
  const [digits = '', ...parts] = data.split(COMPOSITE);
  if (!/^[0-9]+$/.test(digits) || digits.length !== length) {
    return refused({ code: 'malformed', message: `an ${symbology} symbol has ${length} digits` });
  }
  if (!hasRightCheckDigit(digits)) {
    return refused({ code: 'incorrect-check-digit', message: `the check digit of the ${symbology} symbol is wrong` });
  }
  if (parts.length === 0) return { outcome: 'retail', symbology, digits, composite: [] };
  const composite = parseElementString(parts.join(COMPOSITE));
  return composite.outcome === 'refused'
    ? composite
    : { outcome: 'retail', symbology, digits, composite: composite.elements };
}
