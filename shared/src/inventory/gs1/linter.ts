/** A rule on the content of one component of an Application Identifier: its complaint, or nothing. */
export type Linter = (data: string) => LintProblem | undefined;

/** What is wrong, and with which characters: `length` of them from `start`, counted from the start of the component. */
export type LintProblem = { readonly code: LintCode; readonly start: number; readonly length: number };

/**
 * The complaints by code, each with the sentence's end after "(17)". The codes are the ones of GS1's reference linters in our
 * spelling (`ILLEGAL_MONTH` is `illegal-month`), so that a label's maker can look them up.
 */
const complaints = {
  'date-too-long': 'the date is too long',
  'date-too-short': 'the date is too short',
  'too-short-for-gcp': 'too short for a company prefix',
  'hour-too-long': 'the hour is too long',
  'hour-too-short': 'the hour is too short',
  'hour-with-minute-too-long': 'the time is too long',
  'hour-with-minute-too-short': 'the time is too short',
  'iban-too-long': 'the account number is too long',
  'iban-too-short': 'the account number is too short',
  'illegal-day': 'there is no such day in that month',
  'illegal-hour': 'there is no such hour',
  'illegal-iban-country': 'there is no such country',
  'illegal-minute': 'there is no such minute',
  'illegal-month': 'there is no such month',
  'illegal-second': 'there is no such second',
  'illegal-zero-prefix': 'the number must not start with 0',
  'illegal-zero-value': 'the number must not be 0',
  'importer-idx-must-be-one-character': 'the importer index is one character',
  'incorrect-check-digit': 'the check digit is wrong',
  'incorrect-check-pair': 'the pair of check characters is wrong',
  'incorrect-iban-checksum': 'the check digits of the account number are wrong',
  'invalid-biological-sex-code': 'the code is 0, 1, 2 or 9',
  'invalid-cset39-character': 'holds a character outside 0-9 A-Z # - /',
  'invalid-cset64-character': 'holds a character outside base64url',
  'invalid-cset64-padding': 'the padding "=" does not fill a group of three',
  'invalid-cset82-character': 'holds a character that GS1 does not allow',
  'invalid-gcp-prefix': 'a company prefix starts with four digits',
  'invalid-iban-character': 'an account number has capitals and digits only',
  'invalid-import-idx-character': 'the importer index is a letter, a digit, - or _',
  'invalid-latitude': 'the latitude is out of range',
  'invalid-length-for-piece-of-total': 'piece and total need equally many digits',
  'invalid-longitude': 'the longitude is out of range',
  'invalid-media-type': 'the media type is 01 to 10 or 80 to 99',
  'invalid-package-type': 'is not on the list of package types',
  'invalid-percent-sequence': 'a % is followed by two hexadecimal digits',
  'invalid-winding-direction': 'the winding is 0, 1 or 9',
  'latitude-invalid-length': 'a latitude has ten digits',
  'longitude-invalid-length': 'a longitude has ten digits',
  'minute-too-long': 'the minute is too long',
  'minute-too-short': 'the minute is too short',
  'non-digit-character': 'holds a character that is not a digit',
  'not-hyphen': 'only a hyphen may stand here',
  'not-iso3166': 'there is no country with that number',
  'not-iso3166-alpha2': 'there is no country with those letters',
  'not-iso3166-or-999': 'is neither a country number nor 999',
  'not-iso4217': 'there is no currency with that number',
  'not-zero': 'only zeros may stand here',
  'not-zero-or-one': 'is neither 0 nor 1',
  'piece-number-exceeds-total': 'the piece is beyond the total',
  'position-exceeds-end': 'the position is beyond the end',
  'position-in-sequence-malformed': 'is not of the form position/end',
  'requires-non-digit-character': 'needs a character that is not a digit',
  'second-too-long': 'the second is too long',
  'second-too-short': 'the second is too short',
  'too-long-for-check-pair-implementation': 'too long for a pair of check characters',
  'too-short-for-check-digit': 'too short for a check digit',
  'too-short-for-check-pair': 'too short for a pair of check characters',
  'zero-piece-number': 'the piece number must not be 0',
  'zero-total-pieces': 'the total must not be 0',
} as const;

type CouponFault = 'missing' | 'invalid' | 'truncated' | 'too-short-for';
type CouponCode = `coupon-${CouponFault}-${string}` | 'coupon-excess-data' | 'coupon-expiration-before-start';
export type LintCode = keyof typeof complaints | CouponCode;

/** The complaint as the end of a sentence about the identifier. */
export function complaintOf(code: LintCode): string {
  return (complaints as Readonly<Record<string, string>>)[code] ?? code.replaceAll('-', ' ');
}

/** A complaint about `length` characters from `start`. */
export function complain(code: LintCode, start: number, length: number): LintProblem {
  return { code, start, length };
}

/** A complaint about the whole component. */
export function complainOfAll(code: LintCode, data: string): LintProblem {
  return complain(code, 0, data.length);
}

/** Complains of the first character outside an alphabet. `outside` matches one such character and is not global. */
export function alphabet(outside: RegExp, code: LintCode): Linter {
  return (data) => {
    const start = data.search(outside);
    return start < 0 ? undefined : complain(code, start, 1);
  };
}

/** Every character an ASCII digit. */
export const digitsOnly = alphabet(/[^0-9]/, 'non-digit-character');
