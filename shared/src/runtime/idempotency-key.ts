import { hash } from 'node:crypto';

/** The header by which a client says that two requests are one (P9). */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/** Why a key cannot be one; `undefined` for one that can. It is compared as it stands, quotes included. */
export function keyFault(key: string, charsMax: number): string | undefined {
  if (key.length > 0 && key.length <= charsMax && /^[\x20-\x7e]+$/.test(key)) return undefined;
  return `Idempotency-Key must be 1 to ${charsMax} printable ASCII characters`;
}

/**
 * Digest of a parsed body: its members stand in the schema's order and its values in one form, so white space and the order of
 * keys do not matter. The door is part of it: the same words mean something else at another one.
 */
export function fingerprintOf(route: string, body: object): string {
  return hash('sha256', `${route}\n${JSON.stringify(body)}`, 'base64url');
}
