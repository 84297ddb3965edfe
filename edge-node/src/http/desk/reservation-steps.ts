import { z } from 'zod';
import type { ReservationCommand } from '../../ledger/command.ts';
import type { LastUnitsCall } from '../../ledger/last-units.ts';
import { reservationLimits } from '../../limits.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { moment, text, ttlSeconds } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { readBody, readOptionalBody } from '../request-body.ts';
import { receiptWrite } from '../till/receipt-key.ts';
import { idIn, reservationAnswer } from './reservations.ts';

const who = z.strictObject({ actor: text.exactOptional() });
const renewal = who.extend({ ttlSeconds: ttlSeconds.exactOptional() });
/** As at the till: the receipt is the idempotency key. */
const taking = who.extend({ till: text, receipt: text, occurredAt: moment.exactOptional() });

/** What becomes of a reservation. Its own state makes each step repeatable: a step that was taken is answered again. */
export function reservationStepDoors(deps: HttpDependencies, lastUnits: LastUnitsCall): readonly Door[] {
  return [
    {
      method: 'DELETE',
      path: '/v1/reservations/:id',
      route: 'reservation-release',
      answer: (context) => release(context, deps),
    },
    {
      method: 'POST',
      path: '/v1/reservations/:id/renew',
      route: 'reservation-renew',
      answer: (context) => renew(context, deps),
    },
    {
      method: 'POST',
      path: '/v1/reservations/:id/confirm',
      route: 'reservation-confirm',
      answer: (context) => confirm(context, deps),
    },
    {
      method: 'POST',
      path: '/v1/reservations/:id/fulfil',
      route: 'reservation-fulfil',
      answer: (context) => fulfil(context, deps, lastUnits),
    },
  ];
}

function release(context: HttpContext, deps: HttpDependencies): Promise<Response> {
  return step(context, 'release', {}, deps, (common) => ({ ...common, type: 'release-reservation' }));
}

async function renew(context: HttpContext, deps: HttpDependencies): Promise<Response> {
  const body = await readOptionalBody(context, renewal, deps.limits);
  const ttlMs = (body.ttlSeconds ?? reservationLimits.ttlSecondsDefault) * 1_000;
  return step(context, 'renew', body, deps, (common) => ({ ...common, type: 'renew-reservation', ttlMs }));
}

async function confirm(context: HttpContext, deps: HttpDependencies): Promise<Response> {
  const body = await readOptionalBody(context, who, deps.limits);
  return step(context, 'confirm', body, deps, (common) => ({ ...common, type: 'confirm-reservation' }));
}

/** The customer takes it all: the sale is recorded in any case (P4), and what is kept for it ends with it. */
async function fulfil(context: HttpContext, deps: HttpDependencies, lastUnits: LastUnitsCall): Promise<Response> {
  const { ledger, limits } = deps;
  const { till, receipt, actor, occurredAt } = await readBody(context, taking, limits);
  const id = idIn(context);
  const reservation = ledger.view.reservation(id);
  if (reservation !== undefined && reservation.state !== 'fulfilled') {
    const isKept = reservation.state === 'held' || reservation.state === 'confirmed';
    await (isKept ? lastUnits.beforeShip(reservation.lines) : lastUnits.beforeSale(reservation.lines));
  }
  const said = {
    ...(actor === undefined ? {} : { actor }),
    ...(occurredAt === undefined ? {} : { occurredAt }),
  };
  const outcome = await ledger.record({
    type: 'fulfil-reservation',
    id,
    document: `${till}/${receipt}`,
    ...said,
    idempotency: receiptWrite('sale', { till, receipt, fulfils: id, ...said }),
  });
  return reservationAnswer(outcome, { id, status: 200 }, deps);
}

async function step(
  context: HttpContext,
  name: string,
  body: { readonly actor?: string },
  deps: HttpDependencies,
  commandOf: (
    common: Pick<ReservationCommand, 'actor' | 'idempotency'> & { readonly id: string },
  ) => ReservationCommand,
): Promise<Response> {
  const id = idIn(context);
  const idempotency = keyedWrite(context.req, `reservations/${id}/${name}`, body, { limits: deps.limits });
  const command = commandOf({
    id,
    ...(body.actor === undefined ? {} : { actor: body.actor }),
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  return reservationAnswer(await deps.ledger.record(command), { id, status: 200 }, deps);
}
