import { fingerprintOf, IDEMPOTENCY_KEY, keyFault } from '@edgestock/shared/runtime/idempotency-key';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { Headed } from '@edgestock/shared/runtime/write-door';
import type { Idempotency } from '../ledger/command.ts';
import type { HttpDependencies } from './dependencies.ts';
import { problems, refuseItems } from './problems.ts';

/**
 * What makes a write with an `Idempotency-Key` the same write when it is sent again (P9); `undefined` without the header. The body
 * is as it was parsed, before barcodes are looked up: a catalogue that changes between two attempts makes no other request of the second.
 */
export function keyedWrite(
  request: Headed,
  route: string,
  body: object,
  deps: Pick<HttpDependencies, 'limits' | 'isIdempotencyKeyRequired'>,
): Idempotency | undefined {
  const key = request.header(IDEMPOTENCY_KEY);
  if (key === undefined) {
    if (!deps.isIdempotencyKeyRequired) return undefined;
    return refuse(problems.keyRequired, 'Send the header Idempotency-Key with a value of its own for every new write.');
  }
  const message = keyFault(key, deps.limits.idempotencyKeyCharsMax);
  if (message !== undefined)
    return refuseItems([{ code: 'idempotency-key-malformed', message, path: 'Idempotency-Key' }], 1);
  return { scope: 'key', key, fingerprint: fingerprintOf(route, body) };
}
