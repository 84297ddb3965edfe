import { countryLetters, countryNumbers, currencyNumbers, packageTypes } from './code-lists.ts';
import { alphabet, complain, complainOfAll, digitsOnly, type LintCode, type Linter } from './linter.ts';

/** Components with a small rule of their own: one of a list, a number in a range, a form. */

/** The whole component satisfies a test. */
const whole =
  (isRight: (data: string) => boolean, code: LintCode): Linter =>
  (data) =>
    isRight(data) ? undefined : complainOfAll(code, data);

const listed = (codes: ReadonlySet<string>, code: LintCode): Linter => whole((data) => codes.has(data), code);
const shaped = (shape: RegExp, code: LintCode): Linter => whole((data) => shape.test(data), code);

const nonzero: Linter = (data) =>
  digitsOnly(data) ?? (/^0+$/.test(data) ? complainOfAll('illegal-zero-value', data) : undefined);

const nozeroprefix: Linter = (data) =>
  digitsOnly(data) ?? (data.startsWith('0') ? complain('illegal-zero-prefix', 0, 1) : undefined);

const importeridx: Linter = (data) => {
  if (data.length !== 1) return complainOfAll('importer-idx-must-be-one-character', data);
  return alphabet(/[^-0-9A-Z_a-z]/, 'invalid-import-idx-character')(data);
};

const pcenc: Linter = (data) => {
  const start = data.search(/%(?![0-9A-Fa-f]{2})/);
  return start < 0 ? undefined : complain('invalid-percent-sequence', start, Math.min(3, data.length - start));
};

/** Piece number and total in equally many digits, for example 0203: the second of three. */
const pieceoftotal: Linter = (data) => {
  if (data.length === 0 || data.length % 2 !== 0) return complainOfAll('invalid-length-for-piece-of-total', data);
  const strange = digitsOnly(data);
  if (strange) return strange;
  const half = data.length / 2;
  const piece = data.slice(0, half);
  const total = data.slice(half);
  if (/^0+$/.test(piece)) return complain('zero-piece-number', 0, half);
  if (/^0+$/.test(total)) return complain('zero-total-pieces', half, half);
  return piece > total ? complainOfAll('piece-number-exceeds-total', data) : undefined;
};

/** Position and end with a slash between, for example 2/3. */
const posinseqslash: Linter = (data) => {
  const [, position, end] = /^([0-9]+)\/([0-9]+)$/.exec(data) ?? [];
  if (position === undefined || end === undefined) return complainOfAll('position-in-sequence-malformed', data);
  if (position.startsWith('0')) return complain('illegal-zero-prefix', 0, position.length);
  if (end.startsWith('0')) return complain('illegal-zero-prefix', position.length + 1, end.length);
  return BigInt(position) > BigInt(end) ? complainOfAll('position-exceeds-end', data) : undefined;
};

/** Degrees in ten-millionths, shifted to be positive: `max` is 180 or 360 of them. */
function degrees(name: 'latitude' | 'longitude', max: number): Linter {
  return (data) => {
    if (data.length !== 10) return complainOfAll(`${name}-invalid-length`, data);
    return digitsOnly(data) ?? (Number(data) > max ? complainOfAll(`invalid-${name}`, data) : undefined);
  };
}

export const contentLinters = {
  hasnondigit: shaped(/[^0-9]/, 'requires-non-digit-character'),
  hyphen: shaped(/^-+$/, 'not-hyphen'),
  importeridx,
  iso3166: listed(countryNumbers, 'not-iso3166'),
  iso3166999: whole((data) => data === '999' || countryNumbers.has(data), 'not-iso3166-or-999'),
  iso3166alpha2: listed(countryLetters, 'not-iso3166-alpha2'),
  iso4217: listed(currencyNumbers, 'not-iso4217'),
  iso5218: shaped(/^[0129]$/, 'invalid-biological-sex-code'),
  latitude: degrees('latitude', 1_800_000_000),
  longitude: degrees('longitude', 3_600_000_000),
  mediatype: shaped(/^(?:0[1-9]|10|[89][0-9])$/, 'invalid-media-type'),
  nonzero,
  nozeroprefix,
  packagetype: listed(packageTypes, 'invalid-package-type'),
  pcenc,
  pieceoftotal,
  posinseqslash,
  winding: shaped(/^[019]$/, 'invalid-winding-direction'),
  yesno: shaped(/^[01]$/, 'not-zero-or-one'),
  zero: shaped(/^0*$/, 'not-zero'),
} as const satisfies Record<string, Linter>;
