import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { Write, WriteRequest } from '@edgestock/shared/runtime/write-door';
import { z } from 'zod';
import type { LastUnitsCall } from '../../ledger/last-units.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { linesOf, moment, text } from '../fields.ts';
import { movementLines, tillLine } from '../lines.ts';
import { outcomeAnswer } from '../outcome-response.ts';
import { versionExpected } from '../preconditions.ts';
import { bodyAs } from '../request-body.ts';
import { receiptWrite } from './receipt-key.ts';

/** A receipt of a till: what was sold, or what came back. */
const receipt = z.strictObject({
  till: text,
  receipt: text,
  lines: linesOf(tillLine),
  occurredAt: moment.exactOptional(),
  actor: text.exactOptional(),
});

/** `POST /v1/sales` and `POST /v1/returns`: movements in the words of a till, its receipt being the idempotency key. */
export function receiptWrites(deps: HttpDependencies, lastUnits: LastUnitsCall): readonly Write[] {
  return [
    {
      path: '/v1/sales',
      route: 'sales',
      answer: (request) => record(request, 'sale', deps, lastUnits),
    },
    {
      path: '/v1/returns',
      route: 'returns',
      answer: (request) => record(request, 'return', deps, lastUnits),
    },
  ];
}

async function record(
  request: WriteRequest,
  kind: 'sale' | 'return',
  deps: HttpDependencies,
  lastUnits: LastUnitsCall,
): Promise<WholeAnswer> {
  const { ledger, clock, limits } = deps;
  const body = bodyAs(receipt, request.json, limits);
  const lines = movementLines(body.lines, { view: ledger.view, clock, limits, kind });
  const ifVersion = versionExpected(request.header('if-match'), lines, ledger.view);
  // The sale is recorded whatever comes back (P4); what comes back makes its deficit smaller.
  const asked = kind === 'sale' ? lastUnits.beforeSale(lines) : undefined;
  if (asked !== undefined) await asked;
  const outcome = await ledger.record({
    type: 'record',
    kind,
    lines,
    // Receipts are numbered by their till: only both together name a document. It also says which till it was, so an actor is
    // kept only where a person or program is named: the till twice would be a tenth of a sale's bytes.
    document: `${body.till}/${body.receipt}`,
    ...(body.actor === undefined ? {} : { actor: body.actor }),
    ...(body.occurredAt === undefined ? {} : { occurredAt: body.occurredAt }),
    ...(ifVersion === undefined ? {} : { ifVersion }),
    idempotency: receiptWrite(kind, body),
  });
  return outcomeAnswer(outcome, limits);
}
