import { hasRightCheckDigit } from '../gtin.ts';
import { countryLetters } from './code-lists.ts';
import { alphabet, complain, complainOfAll, digitsOnly, type Linter } from './linter.ts';

/** Components that carry their own proof: check digit, pair of check characters, IBAN. */

/** The 82 characters of `X` components in the order that gives each its value (GS1 General Specifications, §7.11). */
const CSET_82 = `!"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz`;
/** The 32 that a check character is taken from: no 0, 1, I and O, which people mix up. */
const CSET_32 = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CHECK_PAIR_MODULUS = 1021;
/** The first 97 primes, one weight for each character; a longer text has no check pair. */
const PRIMES = primes(97);

export const cset82 = alphabet(/[^!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]/, 'invalid-cset82-character');

/** Modulo-10 check digit in the last place. */
const csum: Linter = (data) => {
  if (data.length === 0) return complainOfAll('too-short-for-check-digit', data);
  const strange = digitsOnly(data);
  if (strange) return strange;
  // A lone digit is the check digit of nothing: only 0 is right.
  const right = data.length === 1 ? data === '0' : hasRightCheckDigit(data);
  return right ? undefined : complain('incorrect-check-digit', data.length - 1, 1);
};

/** Pair of check characters at the end: weighted by primes from the right, modulo 1021 (§7.9.5). */
const csumalpha: Linter = (data) => {
  if (data.length < 2) return complainOfAll('too-short-for-check-pair', data);
  if (data.length - 2 > PRIMES.length) return complainOfAll('too-long-for-check-pair-implementation', data);
  const body = data.slice(0, -2);
  const strange = cset82(body);
  if (strange) return strange;
  let sum = 0;
  for (const [place, weight] of PRIMES.entries()) {
    const character = body[body.length - 1 - place];
    if (character === undefined) break;
    sum += CSET_82.indexOf(character) * weight;
  }
  const rest = sum % CHECK_PAIR_MODULUS;
  const pair = CSET_32.charAt(rest >> 5) + CSET_32.charAt(rest & 31);
  return data.endsWith(pair) ? undefined : complain('incorrect-check-pair', body.length, 2);
};

/** Bank account number (ISO 13616): country, two check digits, the rest; modulo 97 of the turned text is 1. */
const iban: Linter = (data) => {
  if (data.length < 15) return complainOfAll('iban-too-short', data);
  if (data.length > 34) return complainOfAll('iban-too-long', data);
  const strange = alphabet(/[^0-9A-Z]/, 'invalid-iban-character')(data);
  if (strange) return strange;
  const country = data.slice(0, 2);
  // Kosovo has account numbers but no ISO 3166 code.
  if (!countryLetters.has(country) && country !== 'XK') return complain('illegal-iban-country', 0, 2);
  let rest = 0;
  for (const character of data.slice(4) + data.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1 && /^..[0-9]{2}/.test(data) ? undefined : complain('incorrect-iban-checksum', 2, 2);
};

/**
 * Starts with a company prefix after `offset` characters: four digits is the shortest that GS1 hands out. Whether a prefix is
 * allocated would take GS1's register, which a warehouse without a network has not got.
 */
function companyPrefix(offset: number): Linter {
  return (data) => {
    const prefix = data.slice(offset, offset + 4);
    const strange = digitsOnly(prefix);
    if (strange) return complain('invalid-gcp-prefix', offset + strange.start, 1);
    return prefix.length < 4 ? complainOfAll('too-short-for-gcp', data) : undefined;
  };
}

function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}

export const checkLinters = {
  csum,
  csumalpha,
  iban,
  gcppos1: companyPrefix(0),
  gcppos2: companyPrefix(1),
} as const satisfies Record<string, Linter>;
