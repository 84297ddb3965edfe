import { fingerprintOf } from '@edgestock/shared/runtime/idempotency-key';
import type { Idempotency } from '../../ledger/command.ts';

/**
 * A receipt is its own key: a till numbers its receipts, so till and receipt together name one sale for ever. An
 * `Idempotency-Key` beside them is ignored, because a till that lost its answer may well make up a new key.
 */
export function receiptWrite(
  scope: 'sale' | 'return',
  // A sale that fulfils a reservation has its receipt among the others: one receipt is one sale.
  body: { readonly till: string; readonly receipt: string; readonly fulfils?: string },
): Idempotency {
  // Neither text holds a line feed, so the pair reads only one way.
  return { scope, key: `${body.till}\n${body.receipt}`, fingerprint: fingerprintOf(scope, body) };
}
