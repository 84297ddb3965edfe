import { fingerprintOf, keyFault } from '@edgestock/shared/runtime/idempotency-key';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { IdempotencyKey } from '../rules/promise-command.ts';
import { apiLimits } from './limits.ts';
import { problems } from './problems.ts';

/** What makes a write with an `Idempotency-Key` the same write when it is sent again (P9); nothing without the header. */
export function keyedWrite(
  key: string | undefined,
  route: string,
  body: object,
): { readonly idempotency?: IdempotencyKey } {
  if (key === undefined) return {};
  const fault = keyFault(key, apiLimits.idempotencyKeyCharsMax);
  if (fault !== undefined) refuse(problems.invalidRequest, `${fault}.`);
  return { idempotency: { key, fingerprint: fingerprintOf(route, body) } };
}
