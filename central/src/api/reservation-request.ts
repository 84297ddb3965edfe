import { IDEMPOTENCY_KEY } from '@edgestock/shared/runtime/idempotency-key';
import type { Write } from '@edgestock/shared/runtime/write-door';
import { z } from 'zod';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { Promises } from '../orders/promises.ts';
import { fields } from './fields.ts';
import { keyedWrite } from './idempotency.ts';
import { apiLimits } from './limits.ts';
import { madeAnswer, refuseUnpromised, writing } from './promise-responses.ts';
import { meant, namedChannel } from './request-body.ts';
import { reservationJson, shortageJson } from './reservation-json.ts';

const PATH = '/v1/reservations';

const reserveBody = z.strictObject({
  id: fields.promiseId.exactOptional(),
  channel: fields.channel.exactOptional(),
  owner: fields.text,
  ttlSeconds: fields.ttlSeconds.default(apiLimits.reservationTtlSecondsDefault),
  lines: fields.lines,
  /** True: takes what there is. */
  partial: z.boolean().default(false),
});

/** What `POST /v1/reservations` means and is answered, whichever way it comes. */
export function reservationWrite(deps: { readonly promises: Promises; readonly channels: ChannelDirectory }): Write {
  const { promises, channels } = deps;
  const answer: Write['answer'] = async ({ json, header }) => {
    const body = meant(json, reserveBody);
    const idempotency = keyedWrite(header(IDEMPOTENCY_KEY), `POST ${PATH}`, body);
    const { channel: named, partial, ...demand } = body;
    const channel = namedChannel(named, channels);
    const asked = { ...demand, channel, isPartial: partial, ...idempotency };
    const outcome = await writing(() => promises.reserve(asked));
    if (outcome.outcome !== 'reserved') return refuseUnpromised(outcome);
    const { reservation, shortages, isReplay } = outcome;
    return madeAnswer(
      { reservation: reservationJson(reservation), shortages: shortages.map(shortageJson) },
      { location: `${PATH}/${reservation.id}`, isReplay },
    );
  };
  return { path: PATH, route: PATH, answer };
}
