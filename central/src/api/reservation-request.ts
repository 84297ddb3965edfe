import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import { z } from 'zod';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { Promises } from '../orders/promises.ts';
import { fields } from './fields.ts';
import { keyedWrite } from './idempotency.ts';
import { apiLimits } from './limits.ts';
import { madeAnswer, refuseUnpromised, writing } from './promise-responses.ts';
import { meant, namedChannel } from './request-body.ts';
import { reservationJson, shortageJson } from './reservation-json.ts';

/** The route that both lead to. */
export const RESERVATIONS_ROUTE = '/v1/reservations';

const reserveBody = z.strictObject({
  id: fields.promiseId.exactOptional(),
  channel: fields.channel.exactOptional(),
  owner: fields.text,
  ttlSeconds: fields.ttlSeconds.default(apiLimits.reservationTtlSecondsDefault),
  lines: fields.lines,
  /** True: takes what there is. */
  partial: z.boolean().default(false),
});
/** A reservation as it is asked for, by whichever door: the parsed body, and the `Idempotency-Key` if there is one. Refuses by throwing. */
export type Reserve = (json: unknown, key: string | undefined) => Promise<WholeAnswer>;

/** What `POST /v1/reservations` means and is answered. */
export function reserveWith(deps: { readonly promises: Promises; readonly channels: ChannelDirectory }): Reserve {
  const { promises, channels } = deps;
  return async (json, key) => {
    const body = meant(json, reserveBody);
    const idempotency = keyedWrite(key, `POST ${RESERVATIONS_ROUTE}`, body);
    const { channel: named, partial, ...demand } = body;
    const channel = namedChannel(named, channels);
    const asked = { ...demand, channel, isPartial: partial, ...idempotency };
    const outcome = await writing(() => promises.reserve(asked));
    if (outcome.outcome !== 'reserved') return refuseUnpromised(outcome);
    const { reservation, shortages, isReplay } = outcome;
    return madeAnswer(
      { reservation: reservationJson(reservation), shortages: shortages.map(shortageJson) },
      { location: `${RESERVATIONS_ROUTE}/${reservation.id}`, isReplay },
    );
  };
}
