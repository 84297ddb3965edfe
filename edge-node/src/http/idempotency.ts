import { hash } from 'node:crypto';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { Headed } from '@edgestock/shared/runtime/write-door';
import type { Idempotency } from '../ledger/command.ts';
import type { HttpDependencies } from './dependencies.ts';
import { problems, refuseItems } from './problems.ts';

/**
 * What makes a write with an `Idempotency-Key` the same write when it is sent again (P9); `undefined` without the header. The
 * key is compared as it stands, quotes included.
 */
export function keyedWrite(
  request: Headed,
  route: string,
  body: object,
  deps: Pick<HttpDependencies, 'limits' | 'isIdempotencyKeyRequired'>,
): Idempotency | undefined {
  const key = request.header('idempotency-key');
  if (key === undefined) {
    if (!deps.isIdempotencyKeyRequired) return undefined;
    return refuse(problems.keyRequired, 'Send the header Idempotency-Key with a value of its own for every new write.');
  }
  const charsMax = deps.limits.idempotencyKeyCharsMax;
  if (key.length === 0 || key.length > charsMax || !/^[\x20-\x7e]+$/.test(key)) {
    const message = `Idempotency-Key must be 1 to ${charsMax} printable ASCII characters`;
    return refuseItems([{ code: 'idempotency-key-malformed', message, path: 'Idempotency-Key' }], 1);
  }
  return { scope: 'key', key, fingerprint: fingerprintOf(route, body) };
}

/**
 * Digest of a parsed body: its members stand in the schema's order and its values in one form, so white space and the order of
 * keys do not matter. The door is part of it: the same words mean something else at another one. Taken before barcodes are looked up: a catalogue that changes between two attempts does not make the
 * second one another request.
 */
export function fingerprintOf(route: string, body: object): string {
  return hash('sha256', `${route}\n${JSON.stringify(body)}`, 'base64url');
}
