import { IDEMPOTENCY_KEY } from '@edgestock/shared/runtime/idempotency-key';
import { refuse } from '@edgestock/shared/runtime/problem';
import { responseOf } from '@edgestock/shared/runtime/whole-answer';
import { z } from 'zod';
import type { ChannelDirectory } from '../orders/channel-directory.ts';
import type { Promises } from '../orders/promises.ts';
import type { OrderState } from '../rules/order.ts';
import { type ApiContext, type Doors, jsonResponse } from './doors.ts';
import { fields } from './fields.ts';
import { keyedWrite } from './idempotency.ts';
import { apiLimits } from './limits.ts';
import { orderJson } from './order-json.ts';
import { problems } from './problems.ts';
import { changeResponse, madeAnswer, refuseUnpromised, writing } from './promise-responses.ts';
import { bodyOf, namedChannel, optionalBodyOf } from './request-body.ts';
import { headerOf, oneOf, parametersOf, placeOf, promiseIdOf, warehouseOf, wholeNumberOf } from './request-parts.ts';

const states = ['placed', 'firm', 'done', 'cancelled'] as const satisfies readonly OrderState[];

const placeBody = z.strictObject({
  id: fields.promiseId.exactOptional(),
  channel: fields.channel.exactOptional(),
  owner: fields.text,
  lines: fields.lines,
  paymentTtlSeconds: fields.ttlSeconds.default(apiLimits.paymentTtlSecondsDefault),
  onShortage: z.enum(['refuse', 'cancel', 'backorder']).default('refuse'),
});
const paymentBody = z.strictObject({
  result: z.enum(['authorised', 'failed']),
  reference: fields.text.exactOptional(),
});
const cancelBody = z.strictObject({ reason: fields.text.default('no reason was given') });

/** `/v1/orders`: firm promises, from the placing to the parcel. */
export function orderRoutes(
  doors: Doors,
  deps: { readonly promises: Promises; readonly channels: ChannelDirectory },
): void {
  const { promises, channels } = deps;
  const idOf = (context: ApiContext) => promiseIdOf(context.req.param('id') ?? '', problems.unknownOrder);

  doors('/v1/orders', {
    GET: async (context) => {
      const parameters = parametersOf(context, ['state', 'warehouse', 'before', 'limit']);
      const state = oneOf(parameters, 'state', states);
      const warehouse = parameters.warehouse?.at(-1);
      const before = placeOf(parameters);
      const limit = wholeNumberOf(parameters, {
        name: 'limit',
        min: 1,
        max: apiLimits.ordersPageMax,
        absent: apiLimits.ordersPageDefault,
      });
      const orders = await promises.orders({
        ...(state === undefined ? {} : { state }),
        ...(warehouse === undefined ? {} : { warehouse: warehouseOf(warehouse) }),
        ...(before === undefined ? {} : { before: { placedAt: before.at, id: before.id } }),
        limit,
      });
      const last = orders.length === limit ? orders.at(-1) : undefined;
      return jsonResponse(
        JSON.stringify({
          orders: orders.map(orderJson),
          // Ask again with `before=` this; absent on the last page.
          ...(last === undefined ? {} : { next: `${last.placedAt}.${last.id}` }),
        }),
      );
    },

    POST: async (context) => {
      parametersOf(context, []);
      const body = await bodyOf(context, placeBody);
      const idempotency = keyedWrite(headerOf(context, IDEMPOTENCY_KEY), 'POST /v1/orders', body);
      const channel = namedChannel(body.channel, channels);
      const outcome = await writing(() => promises.placeOrder({ ...body, channel, ...idempotency }));
      if (outcome.outcome !== 'order') return refuseUnpromised(outcome, 'order');
      const { order, isReplay } = outcome;
      return responseOf(madeAnswer({ order: orderJson(order) }, { location: `/v1/orders/${order.id}`, isReplay }));
    },
  });

  doors('/v1/orders/:id', {
    GET: async (context) => {
      parametersOf(context, []);
      const id = idOf(context);
      const order = await promises.order(id);
      if (order === undefined) return refuse(problems.unknownOrder, `There is no order ${id}.`);
      return jsonResponse(JSON.stringify({ order: orderJson(order) }));
    },
  });

  doors('/v1/orders/:id/payment', {
    POST: async (context) => {
      parametersOf(context, []);
      const payment = await bodyOf(context, paymentBody);
      const outcome = await writing(() => promises.pay(idOf(context), payment));
      if (outcome.outcome !== 'order') return refuseUnpromised(outcome, 'order');
      return changeResponse({ order: orderJson(outcome.order) }, outcome.isReplay);
    },
  });

  doors('/v1/orders/:id/cancel', {
    POST: async (context) => {
      parametersOf(context, []);
      const { reason } = await optionalBodyOf(context, cancelBody);
      const outcome = await writing(() => promises.cancel(idOf(context), reason));
      if (outcome.outcome !== 'order') return refuseUnpromised(outcome, 'order');
      return changeResponse({ order: orderJson(outcome.order) }, outcome.isReplay);
    },
  });
}
