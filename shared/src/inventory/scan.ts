import { unreachable } from '../runtime/assert.ts';
import { findConflictingRepeat } from './gs1/association.ts';
import { looksBracketed, parseBracketed } from './gs1/bracketed.ts';
import { hasSymbologyIdentifier, parseCarrier } from './gs1/carrier.ts';
import { looksLikeLink, parseDigitalLink } from './gs1/digital-link.ts';
import type { Element, ElementsReading, Gs1Problem } from './gs1/element.ts';
import { parseElementString, SEPARATOR } from './gs1/element-string.ts';
import { isRestricted, normaliseGtin } from './gtin.ts';
import { factsOf, type ScannedFacts } from './scan-facts.ts';

/** What a scan says. `candidates` are barcode texts to look up in the catalogue, in this order; the first hit counts. */
export type ScanReading =
  | ({
      readonly outcome: 'item';
      /** At least one. GTINs in their 14 digits, and the code as it was scanned for shop-internal ones. */
      readonly candidates: readonly [string, ...string[]];
      /** For the person at the scanner: the code is usable, but something about it is odd. */
      readonly warning?: string;
    } & Omit<ScannedFacts, 'gtin'>)
  | { readonly outcome: 'unreadable'; readonly reason: ScanRefusal; readonly message: string; readonly hint: string };

export type ScanRefusal = 'empty' | 'too-long' | 'not-text' | Gs1Problem['code'];

export type ScanOptions = {
  /** `YYYY-MM-DD`; decides the century of two-digit years. Without it they are in the 2000s. */
  readonly today?: string;
};

/** The most letters and digits that a QR code holds. */
export const SCAN_LENGTH_MAX = 4296;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused
const NOT_TEXT = /[\u0000-\u001c\u001e\u001f\u007f-\u009f\u2028\u2029\ufeff]/u;
/** How a text starts that may be elements without any mark of being some: (01) or (02) with its 14 digits, and more. */
const UNMARKED_ELEMENTS = /^0[12][0-9]{14}./;
const SCAN_AGAIN = 'Scan again.';
const GTIN_LENGTH_MAX = 14;
/** A UPC-E without its check digit. */
const UNPROVEN_LENGTH = 6;

/**
 * Reads what a scanner sends for one symbol: EAN-8, UPC, EAN-13 and GTIN-14 digits; GS1 elements after an AIM identifier, with
 * separators, or in brackets; a Digital Link; and anything else printable as the shop's own code, whose only candidate is
 * its text. Spaces and line ends around the text are the scanner's.
 *
 * Digits of a GTIN's length with a wrong check digit are not a GTIN: they go in as the shop's own code, with a warning.
 * Numbers of restricted circulation (GS1 prefixes 02, 04 and 20 to 29) are the shop's own too, and may carry a price or a
 * weight that only its tills can take apart: the digits as scanned are the first candidate and the 14 digits, in which a
 * catalogue may keep a number that does stay the same, the second.
 * Six digits may be a UPC-E without its check digit; nothing proves it, so that reading comes second as well.
 */
export function readScan(scanned: string, options: ScanOptions = {}): ScanReading {
  const text = scanned.trim();
  if (text === '') return unreadable('empty', 'nothing was scanned', SCAN_AGAIN);
  if (text.length > SCAN_LENGTH_MAX) {
    return unreadable('too-long', `${text.length} characters`, 'Scan one symbol at a time.');
  }
  if (NOT_TEXT.test(text) || !text.isWellFormed()) {
    return unreadable('not-text', 'the symbol holds control characters', 'Check the character set of the scanner.');
  }
  return hasSymbologyIdentifier(text) ? readCarrier(text, options) : readUnmarked(text, options);
}

function readCarrier(text: string, options: ScanOptions): ScanReading {
  const carrier = parseCarrier(text);
  switch (carrier.outcome) {
    case 'elements':
      return readElements(carrier, text.slice(3), options);
    case 'retail':
      return readRetail(carrier.digits, carrier.composite, options);
    case 'text':
      return carrier.text === ''
        ? unreadable('empty', 'the symbol is empty', SCAN_AGAIN)
        : readUnmarked(carrier.text, options);
    case 'refused':
      return unreadableGs1(carrier.problem);
    default:
      return unreachable(carrier);
  }
}

function readUnmarked(text: string, options: ScanOptions): ScanReading {
  if (/^[0-9]+$/.test(text) && text.length <= GTIN_LENGTH_MAX) return readDigits(text);
  if (text.includes(SEPARATOR)) {
    // A scanner that sends no AIM identifier may send the FNC1 in front as a separator.
    const data = text.startsWith(SEPARATOR) ? text.slice(1) : text;
    return readElements(parseElementString(data), text, options);
  }
  if (looksBracketed(text)) return readElements(parseBracketed(text), text, options);
  if (looksLikeLink(text)) {
    const link = parseDigitalLink(text);
    return link.outcome === 'other' ? ownCode(text) : readElements(link, text, options);
  }
  return UNMARKED_ELEMENTS.test(text) ? readUnmarkedElements(text, options) : ownCode(text);
}

/** Numbers that prove themselves, then the code as scanned, then readings that nothing proves or that only this shop knows. */
function readDigits(text: string): ScanReading {
  const reading = normaliseGtin(text);
  if (reading.outcome === 'refused') {
    if (reading.reason !== 'check-digit') return ownCode(text);
    return ownCode(text, `${reading.message}: scan again if the catalogue does not know the code`);
  }
  const isProven = text.length !== UNPROVEN_LENGTH;
  const proven = reading.candidates.filter((gtin) => isProven && !isRestricted(gtin));
  const others = reading.candidates.filter((gtin) => !proven.includes(gtin));
  const texts = new Set<string>([...proven, text, ...others]);
  const [first = text, ...rest] = texts;
  const warning =
    isProven && proven.length === 0 ? 'a number of the shop, perhaps with a price or weight in it' : undefined;
  return { outcome: 'item', candidates: [first, ...rest], ...(warning === undefined ? {} : { warning }) };
}

function readRetail(digits: string, composite: readonly Element[], options: ScanOptions): ScanReading {
  const item = readDigits(digits);
  if (item.outcome === 'unreadable' || composite.length === 0) return item;
  const beside = readElements({ outcome: 'elements', elements: composite }, digits, options);
  return beside.outcome === 'unreadable' ? beside : { ...beside, ...item };
}

function readElements(reading: ElementsReading, text: string, options: ScanOptions): ScanReading {
  if (reading.outcome === 'refused') return unreadableGs1(reading.problem);
  const conflict = findConflictingRepeat(reading.elements);
  if (conflict) return unreadableGs1(conflict);
  const { gtin, ...facts } = factsOf(reading.elements, options.today);
  return { outcome: 'item', candidates: [gtin ?? text], ...facts };
}

/** Scanners that send neither AIM identifier nor FNC1: taken for elements only if every one is right, and not for sure. */
function readUnmarkedElements(text: string, options: ScanOptions): ScanReading {
  const item = readElements(parseElementString(text), text, options);
  if (item.outcome === 'unreadable') return ownCode(text);
  return { ...item, candidates: [item.candidates[0], text] };
}

function ownCode(text: string, warning?: string): ScanReading {
  return { outcome: 'item', candidates: [text], ...(warning === undefined ? {} : { warning }) };
}

function unreadableGs1({ code, message }: Gs1Problem): ScanReading {
  return unreadable(
    code,
    message,
    'Scan again. If it stays so, the label is wrong: type the SKU and tell the supplier.',
  );
}

function unreadable(reason: ScanRefusal, message: string, hint: string): ScanReading {
  return { outcome: 'unreadable', reason, message, hint };
}
