import { refuse } from '@edgestock/shared/runtime/problem';
import { answerInApp, type Write } from '@edgestock/shared/runtime/write-door';
import { z } from 'zod';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { Promises } from '../orders/promises.ts';
import type { Reservation, ReservationState } from '../rules/reservation.ts';
import { type ApiContext, type Doors, jsonResponse } from './doors.ts';
import { fields } from './fields.ts';
import { apiLimits } from './limits.ts';
import { orderJson } from './order-json.ts';
import { problems } from './problems.ts';
import { changeResponse, refuseUnpromised, writing } from './promise-responses.ts';
import { optionalBodyOf } from './request-body.ts';
import { channelOf, oneOf, parametersOf, placeOf, promiseIdOf, wholeNumberOf } from './request-parts.ts';
import { reservationJson } from './reservation-json.ts';

const states = ['held', 'confirmed', 'released', 'expired'] as const satisfies readonly ReservationState[];

const renewBody = z.strictObject({ ttlSeconds: fields.ttlSeconds.default(apiLimits.reservationTtlSecondsDefault) });
const releaseBody = z.strictObject({ reason: fields.text.default('released') });

/**
 * `/v1/reservations`: timed promises of units for a cart or a customer. Making one is repeatable by its key or its id; what
 * follows is repeatable by itself, since each names the reservation and the state it is to have.
 */
export function reservationRoutes(
  doors: Doors,
  deps: { readonly promises: Promises; readonly channels: ChannelDirectory; readonly reserve: Write },
): void {
  const { promises, channels, reserve } = deps;
  const idOf = (context: ApiContext) => promiseIdOf(context.req.param('id') ?? '', problems.unknownReservation);
  const changed = (reservation: Reservation, isReplay: boolean) =>
    changeResponse({ reservation: reservationJson(reservation) }, isReplay);

  doors('/v1/reservations', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['state', 'channel', 'owner', 'before', 'limit']);
      const state = oneOf(parameters, 'state', states);
      const owner = parameters.owner?.at(-1);
      const before = placeOf(parameters);
      const limit = wholeNumberOf(parameters, {
        name: 'limit',
        min: 1,
        max: apiLimits.reservationsPageMax,
        absent: apiLimits.reservationsPageDefault,
      });
      const reservations = await promises.reservations({
        ...(state === undefined ? {} : { state }),
        ...(parameters.channel === undefined ? {} : { channel: channelOf(parameters, channels) }),
        ...(owner === undefined ? {} : { owner }),
        ...(before === undefined ? {} : { before: { createdAt: before.at, id: before.id } }),
        limit,
      });
      const last = reservations.length === limit ? reservations.at(-1) : undefined;
      return jsonResponse(
        JSON.stringify({
          reservations: reservations.map(reservationJson),
          // Ask again with `before=` this; absent on the last page.
          ...(last === undefined ? {} : { next: `${last.createdAt}.${last.id}` }),
        }),
      );
    },

    POST: (context) => {
      parametersOf(context, []);
      return answerInApp(reserve, context.req.raw, apiLimits.promiseBodyBytesMax);
    },
  });

  doors('/v1/reservations/:id', {
    GET: async (context) => {
      parametersOf(context, []);
      const id = idOf(context);
      const reservation = await promises.reservation(id);
      if (reservation === undefined) return refuse(problems.unknownReservation, `There is no reservation ${id}.`);
      return jsonResponse(JSON.stringify({ reservation: reservationJson(reservation) }));
    },
  });

  doors('/v1/reservations/:id/renew', {
    POST: async (context) => {
      parametersOf(context, []);
      const { ttlSeconds } = await optionalBodyOf(context, renewBody);
      const outcome = await writing(() => promises.renew(idOf(context), ttlSeconds));
      if (outcome.outcome !== 'reservation') return refuseUnpromised(outcome);
      return changed(outcome.reservation, outcome.isReplay);
    },
  });

  doors('/v1/reservations/:id/release', {
    POST: async (context) => {
      parametersOf(context, []);
      const { reason } = await optionalBodyOf(context, releaseBody);
      const outcome = await writing(() => promises.release(idOf(context), reason));
      if (outcome.outcome !== 'reservation') return refuseUnpromised(outcome);
      return changed(outcome.reservation, outcome.isReplay);
    },
  });

  doors('/v1/reservations/:id/confirm', {
    POST: async (context) => {
      parametersOf(context, []);
      await optionalBodyOf(context, z.strictObject({}));
      const outcome = await writing(() => promises.confirm(idOf(context)));
      if (outcome.outcome !== 'order') return refuseUnpromised(outcome);
      return changeResponse({ order: orderJson(outcome.order) }, outcome.isReplay);
    },
  });
}
