import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { fingerprintOf } from '@edgestock/shared/runtime/idempotency-key';
import { z } from 'zod';
import { type Outcome, type RecordedMovement, type Transfer, transferStates } from '../../ledger/command.ts';
import type { LastUnitsCall } from '../../ledger/last-units.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { barcode, documentId, linesOf, note, quantity, sku, text, warehouse } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { movementLines } from '../lines.ts';
import { answerBody } from '../movement-json.ts';
import { recordedAnswer } from '../outcome-response.ts';
import { Query } from '../query.ts';
import { refusedProblem } from '../refused-problem.ts';
import { readBody } from '../request-body.ts';
import { refusePromise } from '../restored.ts';
import { transferBody } from '../transfer-json.ts';

const plan = z.strictObject({
  id: documentId.exactOptional(),
  to: warehouse,
  lines: linesOf(z.strictObject({ sku: sku.exactOptional(), barcode: barcode.exactOptional(), quantity })),
  note: note.exactOptional(),
  actor: text.exactOptional(),
  /** Promises although the node was restored and central has not recognised its log. */
  force: z.boolean().exactOptional(),
});

/** Transfers from and to this warehouse: planned, looked up, listed. What becomes of them is in `transfer-steps.ts`. */
export function transferDoors(deps: HttpDependencies, lastUnits: LastUnitsCall): readonly Door[] {
  const path = '/v1/transfers';
  return [
    { method: 'POST', path, route: 'transfer-plan', answer: (context) => planned(context, deps, lastUnits) },
    { method: 'GET', path, route: 'transfers', answer: (context) => list(context, deps) },
    { method: 'GET', path: '/v1/transfers/:id', route: 'transfer', answer: (context) => one(context, deps) },
  ];
}

async function planned(context: HttpContext, deps: HttpDependencies, lastUnits: LastUnitsCall): Promise<Response> {
  const { ledger, clock, limits, random } = deps;
  const body = await readBody(context, plan, limits);
  // An id of the caller's own makes the write repeatable; without one, the key does.
  const idempotency = keyedWrite(context.req, 'transfers', body, body.id === undefined ? deps : { limits });
  const lines = movementLines(body.lines, { view: ledger.view, clock, limits, kind: 'transfer-ship' });
  // Two warehouses may both count from 1; names that a node makes up are its own.
  const here = ledger.view.log().warehouse;
  const id = body.id ?? `${here}-${random.uuid()}`;
  if (ledger.transfers.find(id, here) === undefined) {
    refusePromise(deps, body.force);
    await lastUnits.beforePromise(lines);
  }
  const outcome = await ledger.record({
    type: 'plan-transfer',
    id,
    to: body.to,
    lines: lines.map((line): SkuQuantity => ({ sku: line.sku, quantity: line.quantity })),
    fingerprint: fingerprintOf('transfers', body),
    ...(body.note === undefined ? {} : { note: body.note }),
    ...(body.actor === undefined ? {} : { actor: body.actor }),
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  return transferAnswer(outcome, { id, from: here, status: 201 }, deps);
}

function one(context: HttpContext, { ledger }: HttpDependencies): Response {
  const id = context.req.param('id') ?? '';
  const from = new Query(context, ['from']).warehouse('from');
  return Response.json({ transfer: transferBody(meant(ledger, id, from)) });
}

/** The transfer of a name, and of a source where it is said; refuses where there is none, or where it may be any of several. */
function meant({ transfers }: HttpDependencies['ledger'], id: string, from: WarehouseId | undefined): Transfer {
  const [found, ...others] = from === undefined ? transfers.named(id) : [transfers.find(id, from)];
  if (found === undefined) throw refusedProblem({ refusal: 'unknown', document: 'transfer', id });
  if (others.length === 0) return found;
  const sources = transfers.named(id).map((one) => one.from);
  throw refusedProblem({ refusal: 'ambiguous', document: 'transfer', id, sources });
}

/** A page in the order in which the node first knew of them; `next` is the `after` of the next page. */
function list(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const query = new Query(context, ['state', 'direction', 'after', 'limit']);
  const state = query.oneOf('state', [...transferStates, 'open'] as const);
  const direction = query.oneOf('direction', ['in', 'out']);
  const here = ledger.view.log().warehouse;
  const filter = {
    ...(state === undefined ? {} : { state }),
    ...(direction === undefined ? {} : direction === 'in' ? { to: here } : { from: here }),
  };
  const { transfers, next } = ledger.transfers.page(filter, query.sequence('after') ?? 0, query.limit(limits));
  return Response.json({ transfers: transfers.map(transferBody), next });
}

/** What a write on a transfer is answered with: the transfer as it is now, and what was recorded. */
export function transferAnswer(
  outcome: Outcome,
  asked: {
    readonly id: string;
    /** Absent where the request did not say it: then what was recorded does. */
    readonly from?: WarehouseId;
    readonly status: 200 | 201;
    /** Further members of the answer. */
    readonly more?: (transfer: Transfer) => object;
  },
  { ledger, limits }: Pick<HttpDependencies, 'ledger' | 'limits'>,
): Response {
  const { answer, isReplay } = recordedAnswer(outcome, limits);
  // A repeated request without an id of its own gets the transfer that the first one planned.
  const [movement] = answer.movements;
  const id = movement?.details.document ?? asked.id;
  const transfer = meant(ledger, id, asked.from ?? originOf(movement));
  const other = ledger.transfers.named(id).length > 1 ? `?from=${encodeURIComponent(transfer.from)}` : '';
  return Response.json(
    { transfer: transferBody(transfer), ...answerBody(answer), ...asked.more?.(transfer) },
    {
      status: asked.status,
      headers: {
        ...(asked.status === 201 ? { location: `/v1/transfers/${encodeURIComponent(id)}${other}` } : {}),
        ...(isReplay ? { 'idempotency-replayed': 'true' } : {}),
      },
    },
  );
}

/** Where the goods of a recorded arrival, or of a loss, come from. */
function originOf(movement: RecordedMovement | undefined): WarehouseId | undefined {
  const isArrival = movement?.kind === 'transfer-receive' || movement?.kind === 'transfer-lost';
  return isArrival ? movement.details.otherWarehouse : undefined;
}
