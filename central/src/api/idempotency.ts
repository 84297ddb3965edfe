import { hash } from 'node:crypto';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { IdempotencyKey } from '../rules/promise-command.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';

/** Printable ASCII, quotes included: the key is compared as it stands. */
const KEY_PATTERN = /^[\x20-\x7e]+$/;

/** The header that carries it. */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/** What makes a write with an `Idempotency-Key` the same write when it is sent again (P9); nothing without the header. */
export function keyedWrite(
  key: string | undefined,
  route: string,
  body: object,
): { readonly idempotency?: IdempotencyKey } {
  if (key === undefined) return {};
  if (key.length === 0 || key.length > apiLimits.idempotencyKeyCharsMax || !KEY_PATTERN.test(key)) {
    refuse(
      problems.invalidRequest,
      `Idempotency-Key must be 1 to ${apiLimits.idempotencyKeyCharsMax} printable ASCII characters.`,
    );
  }
  return { idempotency: { key, fingerprint: fingerprintOf(route, body) } };
}

/**
 * Digest of a parsed body: its members stand in the schema's order and its values in one form, so white space and the order of
 * keys do not matter. The door is part of it: the same words mean something else at another one.
 */
function fingerprintOf(route: string, body: object): string {
  return hash('sha256', `${route}\n${JSON.stringify(body)}`, 'base64url');
}
