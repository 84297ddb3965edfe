import { availableOf } from '@edgestock/shared/inventory/position';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { fingerprintOf } from '@edgestock/shared/runtime/idempotency-key';
import { refuse } from '@edgestock/shared/runtime/problem';
import { timeOrderedId } from '@edgestock/shared/runtime/time-ordered-id';
import { z } from 'zod';
import { type Outcome, reservationStates } from '../../ledger/command.ts';
import type { LastUnitsCall } from '../../ledger/last-units.ts';
import { reservationLimits } from '../../limits.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { barcode, documentId, linesOf, quantity, sku, text, ttlSeconds } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { movementLines } from '../lines.ts';
import { answerBody } from '../movement-json.ts';
import { recordedAnswer } from '../outcome-response.ts';
import { problems } from '../problems.ts';
import { Query } from '../query.ts';
import { readBody } from '../request-body.ts';
import { reservationBody } from '../reservation-json.ts';
import { refusePromise } from '../restored.ts';

const wanted = z.strictObject({
  id: documentId.exactOptional(),
  owner: text,
  ttlSeconds: ttlSeconds.exactOptional(),
  lines: linesOf(z.strictObject({ sku: sku.exactOptional(), barcode: barcode.exactOptional(), quantity })),
  note: text.exactOptional(),
  actor: text.exactOptional(),
  /** Promises although the node was restored and central has not recognised its log. */
  force: z.boolean().exactOptional(),
});

/** Reservations of this site: made, looked up, listed. What becomes of them is in `reservation-steps.ts`. */
export function reservationDoors(deps: HttpDependencies, lastUnits: LastUnitsCall): readonly Door[] {
  const path = '/v1/reservations';
  return [
    { method: 'POST', path, route: 'reserve', answer: (context) => reserve(context, deps, lastUnits) },
    { method: 'GET', path, route: 'reservations', answer: (context) => list(context, deps) },
    { method: 'GET', path: '/v1/reservations/:id', route: 'reservation', answer: (context) => one(context, deps) },
  ];
}

async function reserve(context: HttpContext, deps: HttpDependencies, lastUnits: LastUnitsCall): Promise<Response> {
  const { ledger, clock, limits, random } = deps;
  const body = await readBody(context, wanted, limits);
  // An id of the caller's own makes the write repeatable; without one, the key does.
  const idempotency = keyedWrite(context.req, 'reservations', body, body.id === undefined ? deps : { limits });
  const lines = movementLines(body.lines, { view: ledger.view, clock, limits, kind: 'reserve' });
  const id = body.id ?? timeOrderedId(clock.now(), random);
  if (ledger.view.reservation(id) === undefined) refusePromise(deps, body.force);
  if (ledger.view.reservation(id) === undefined) await makeRoom(lines, deps, lastUnits);
  const { owner, note, actor } = body;
  const outcome = await ledger.record({
    type: 'reserve',
    id,
    owner,
    ttlMs: (body.ttlSeconds ?? reservationLimits.ttlSecondsDefault) * 1_000,
    lines: lines.map((line): SkuQuantity => ({ sku: line.sku, quantity: line.quantity })),
    fingerprint: fingerprintOf('reservations', body),
    ...(note === undefined ? {} : { note }),
    ...(actor === undefined ? {} : { actor }),
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  return reservationAnswer(outcome, { id, status: 201 }, deps);
}

/** Where units are missing, looks for some that nobody needs: those of reservations that are over, then those that central holds. */
async function makeRoom(
  lines: readonly SkuQuantity[],
  { ledger, sweeper }: HttpDependencies,
  lastUnits: LastUnitsCall,
): Promise<void> {
  const { view } = ledger;
  const isShort = ({ sku, quantity }: SkuQuantity) => {
    const position = view.position(sku);
    return position !== undefined && position.reserved > 0 && availableOf(position) < quantity;
  };
  if (sweeper !== undefined && lines.some(isShort) && view.dueReservations(1).length > 0) await sweeper.sweep();
  await lastUnits.beforePromise(lines);
}

function one(context: HttpContext, { ledger }: HttpDependencies): Response {
  const id = idIn(context);
  const reservation = ledger.view.reservation(id);
  return reservation === undefined ? unknown(id) : Response.json({ reservation: reservationBody(reservation) });
}

/** A page in order of making; `next` is the `after` of the next page. */
function list(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const query = new Query(context, ['owner', 'state', 'after', 'limit']);
  const owner = query.text('owner');
  const state = query.oneOf('state', reservationStates);
  const filter = { ...(owner === undefined ? {} : { owner }), ...(state === undefined ? {} : { state }) };
  const after = query.wholeNumber('after', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0;
  const { reservations, next } = ledger.view.reservations(filter, after, query.limit(limits));
  return Response.json({ reservations: reservations.map(reservationBody), next });
}

/** What a write on a reservation is answered with: the reservation as it is now, and what was recorded. */
export function reservationAnswer(
  outcome: Outcome,
  asked: { readonly id: string; readonly status: 200 | 201 },
  { ledger, limits }: Pick<HttpDependencies, 'ledger' | 'limits'>,
): Response {
  const { answer, isReplay } = recordedAnswer(outcome, limits);
  // A repeated request without an id of its own gets the reservation that the first one made.
  const id = asked.status === 201 ? (answer.movements[0]?.details.document ?? asked.id) : asked.id;
  const reservation = ledger.view.reservation(id);
  if (reservation === undefined) return unknown(id);
  return Response.json(
    { reservation: reservationBody(reservation), ...answerBody(answer) },
    {
      status: asked.status,
      headers: {
        ...(asked.status === 201 ? { location: `/v1/reservations/${encodeURIComponent(id)}` } : {}),
        ...(isReplay ? { 'idempotency-replayed': 'true' } : {}),
      },
    },
  );
}

export function idIn(context: HttpContext): string {
  return context.req.param('id') ?? '';
}

function unknown(id: string): never {
  return refuse(problems.unknownReservation, `There is no reservation ${id} here.`, {
    hint: 'A reservation is forgotten 30 days after it ended.',
  });
}
