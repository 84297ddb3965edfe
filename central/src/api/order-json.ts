import type { Order } from '../rules/order.ts';
import { isoText } from './warehouse-routes.ts';

/** An order as the API shows it: where it stands, and every step and why. */
export function orderJson(order: Order) {
  const { placedAt, paymentDueAt, paymentTtlSeconds: _, wakeAt: __, allocations, history, ...rest } = order;
  return {
    ...rest,
    // Cancelled, it is no longer under way.
    isCancelling: order.isCancelling && order.state !== 'cancelled',
    placedAt: isoText(placedAt),
    // Where payment is not awaited the time says nothing.
    ...(order.payment === 'awaited' ? { paymentDueAt: isoText(paymentDueAt) } : {}),
    allocations: allocations.map(({ at, ...allocation }) => ({ ...allocation, at: isoText(at) })),
    history: history.map(({ at, ...step }) => ({ at: isoText(at), ...step })),
  };
}
