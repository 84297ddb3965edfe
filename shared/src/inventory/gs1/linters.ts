import { checkLinters, cset82 } from './check-linters.ts';
import { contentLinters } from './content-linters.ts';
import { couponLinters } from './coupon-linters.ts';
import { dateLinters } from './date-linters.ts';
import { alphabet, complain, digitsOnly, type Linter } from './linter.ts';

/** Base64url in which `=` at the end fills the last group; three characters are a group here, as in GS1's reference. */
const cset64: Linter = (data) => {
  const body = data.replace(/=+$/, '');
  const strange = body === '' ? alphabet(/=/, 'invalid-cset64-character')(data) : outsideBase64(body);
  if (strange) return strange;
  const padding = data.length - body.length;
  if (padding === 0 || (padding <= 2 && data.length % 3 === 0)) return undefined;
  return complain('invalid-cset64-padding', body.length, padding);
};
const outsideBase64 = alphabet(/[^-0-9A-Z_a-z]/, 'invalid-cset64-character');

/** What the letters of the syntax table stand for. */
export const charsets = {
  N: digitsOnly,
  X: cset82,
  Y: alphabet(/[^#\-/0-9A-Z]/, 'invalid-cset39-character'),
  Z: cset64,
} as const satisfies Record<string, Linter>;
export type Charset = keyof typeof charsets;

/** Every linter by the name that the syntax table calls it. */
export const linters = {
  csetnumeric: charsets.N,
  cset82: charsets.X,
  cset39: charsets.Y,
  cset64: charsets.Z,
  ...checkLinters,
  ...contentLinters,
  ...couponLinters,
  ...dateLinters,
} as const satisfies Record<string, Linter>;
export type LinterName = keyof typeof linters;

export function isLinterName(name: string): name is LinterName {
  return Object.hasOwn(linters, name);
}
