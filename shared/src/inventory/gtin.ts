import type { Brand } from './ids.ts';

/**
 * The GS1 number of a trade item in its one canonical form: 14 digits with a right check digit, shorter numbers padded with
 * zeros on the left (GS1 General Specifications, §3.3.2). Two codes are the same item exactly when their 14 digits are equal.
 */
export type Gtin = Brand<string, 'Gtin'>;

/** Why a text is no GTIN. `due` is the check digit that the other digits ask for. */
export type GtinRefusal =
  | { readonly outcome: 'refused'; readonly reason: 'length'; readonly message: string }
  | { readonly outcome: 'refused'; readonly reason: 'characters'; readonly message: string }
  | { readonly outcome: 'refused'; readonly reason: 'placeholder'; readonly message: string }
  | { readonly outcome: 'refused'; readonly reason: 'check-digit'; readonly due: string; readonly message: string };

export type GtinReading = { readonly outcome: 'gtin'; readonly candidates: readonly [Gtin, ...Gtin[]] } | GtinRefusal;

const GTIN_LENGTH = 14;
const UPC_E_BODY_LENGTH = 6;
const UPC_E_LENGTH = 8;

/**
 * The check digit of the digits before it: weights 3 and 1 in turn from the right, up to the next ten (GS1 General
 * Specifications, §7.9.1). The same for every GS1 key of digits: GTIN, SSCC, GLN and the others.
 */
export function checkDigitOf(digits: string): string {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const weight = (digits.length - place) % 2 === 1 ? 3 : 1;
    sum += weight * Number(digits[place]);
  }
  return String((10 - (sum % 10)) % 10);
}

/** True when the last digit is the check digit of the ones before it. */
export function hasRightCheckDigit(digits: string): boolean {
  return digits.length > 1 && digits.endsWith(checkDigitOf(digits.slice(0, -1)));
}

/**
 * Reads an EAN-8, UPC-A (12), EAN-13, GTIN-14 or UPC-E (8 with check digit, 6 without) as printed.
 * Eight digits may be an EAN-8, a UPC-E or both, and no rule tells them apart (in 2,481 real ones 123 checked as both and a
 * look-up had to decide), so all readings come back, to be tried against the catalogue in this order: EAN-8 first, except for
 * a leading 0, where UPC-E is first, since EAN-8 numbers with 0 are shop-internal (see `isRestricted`).
 * Six digits carry no check digit: what comes back is possible, not proven.
 */
export function normaliseGtin(text: string): GtinReading {
  if (!/^[0-9]+$/.test(text)) {
    return { outcome: 'refused', reason: 'characters', message: 'a GTIN has digits only' };
  }
  if (/^0+$/.test(text)) {
    return { outcome: 'refused', reason: 'placeholder', message: 'zeros only: a placeholder, not a number' };
  }
  switch (text.length) {
    case UPC_E_BODY_LENGTH:
      return found([canonical(expandUpcE(`0${text}`))]);
    case UPC_E_LENGTH:
      return readEightDigits(text);
    case 12:
    case 13:
    case GTIN_LENGTH:
      return hasRightCheckDigit(text) ? found([canonical(text)]) : wrongCheckDigit(text);
    default:
      return {
        outcome: 'refused',
        reason: 'length',
        message: `${text.length} digits; a GTIN has 8, 12, 13 or 14 (a UPC-E without its check digit 6)`,
      };
  }
}

/** The shortest printed form: 8, 12, 13 or 14 digits. Reading it again gives the GTIN, if need be beside a UPC-E reading. */
export function formatGtin(gtin: Gtin): string {
  if (gtin.startsWith('000000')) return gtin.slice(6);
  if (gtin.startsWith('00')) return gtin.slice(2);
  return gtin.startsWith('0') ? gtin.slice(1) : gtin;
}

/**
 * True for numbers that a shop or region hands out itself (GS1 General Specifications, restricted circulation): GS1 prefixes 02, 04 and 20 to
 * 29, and EAN-8 with 0 or 2. The first and last of them often carry a price or a weight, so that every pack differs.
 */
export function isRestricted(gtin: Gtin): boolean {
  if (gtin.startsWith('000000')) return /^000000[02]/.test(gtin);
  return /^0(?:02|04|2[0-9])/.test(gtin);
}

function readEightDigits(text: string): GtinReading {
  const ean8 = hasRightCheckDigit(text) ? [canonical(text)] : [];
  const upcE = readUpcE(text);
  const [first, ...others] = text.startsWith('0') ? [...upcE, ...ean8] : [...ean8, ...upcE];
  return first === undefined ? wrongCheckDigit(text) : found([first, ...others]);
}

/** UPC-E with number system (0 or 1) and check digit; the check digit is that of the UPC-A it stands for. */
function readUpcE(text: string): readonly Gtin[] {
  if (!/^[01]/.test(text)) return [];
  const expanded = expandUpcE(text.slice(0, -1));
  return expanded.endsWith(text.slice(-1)) ? [canonical(expanded)] : [];
}

/** The 12 digits that number system and six digits stand for: the last says where the zeros were (ISO/IEC 15420, UPC-E). */
function expandUpcE(numberSystemAndBody: string): string {
  const [system = '', a = '', b = '', c = '', d = '', e = '', rule = ''] = numberSystemAndBody;
  const digits = system + zeroesPutBack(rule, { a, b, c, d, e });
  return digits + checkDigitOf(digits);
}

type UpcEDigits = Readonly<Record<'a' | 'b' | 'c' | 'd' | 'e', string>>;

function zeroesPutBack(rule: string, { a, b, c, d, e }: UpcEDigits): string {
  switch (rule) {
    case '0':
    case '1':
    case '2':
      return `${a}${b}${rule}0000${c}${d}${e}`;
    case '3':
      return `${a}${b}${c}00000${d}${e}`;
    case '4':
      return `${a}${b}${c}${d}00000${e}`;
    default:
      return `${a}${b}${c}${d}${e}0000${rule}`;
  }
}

function canonical(digits: string): Gtin {
  return digits.padStart(GTIN_LENGTH, '0') as Gtin;
}

function found(candidates: readonly [Gtin, ...Gtin[]]): GtinReading {
  return { outcome: 'gtin', candidates };
}

function wrongCheckDigit(digits: string): GtinRefusal {
  const due = checkDigitOf(digits.slice(0, -1));
  return {
    outcome: 'refused',
    reason: 'check-digit',
    due,
    message: `check digit ${digits.slice(-1)}, due was ${due}`,
  };
}
