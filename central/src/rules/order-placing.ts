import type { Sku } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Order } from './order.ts';
import type { OrderContext } from './order-context.ts';
import { type OrderDecision, OrderDraft } from './order-draft.ts';
import { unitsInWords } from './order-words.ts';
import type { PromiseCommand } from './promise-command.ts';
import { heldOf, type Reservation, type Shortage } from './reservation.ts';

type Request = Omit<Extract<PromiseCommand, { command: 'place-order' }>, 'command' | 'idempotency'>;

export type Placing =
  | { readonly placing: 'insufficient'; readonly shortages: readonly Shortage[] }
  | ({ readonly placing: 'placed' } & OrderDecision);

/**
 * An order at its beginning: what can be had is held until it is paid. What cannot is refused with all the rest, cancelled, or
 * waits, as the order wants it; one that would wait beyond the channel's room for it is refused.
 */
export function placeOrder(request: Request, context: OrderContext): Placing {
  const asked = new Map<Sku, number>();
  for (const { sku, quantity } of request.lines) asked.set(sku, (asked.get(sku) ?? 0) + quantity);
  const lines = [...asked].map(([sku, quantity]) => ({ sku, quantity }));
  const { onShortage } = request;
  const draft = new OrderDraft(
    beginning(request, lines, {
      state: 'placed',
      payment: 'awaited',
      placedAt: context.now,
      paymentDueAt: request.paymentDueAt,
      paymentTtlSeconds: request.paymentTtlSeconds,
      onShortage,
    }),
    context,
  );
  const short = draft.hold(lines);
  const shortages = short.flatMap(({ sku, quantity }) => {
    const requested = asked.get(sku) ?? 0;
    const available = requested - quantity;
    if (onShortage !== 'backorder') return [{ sku, requested, available }];
    const mayWait = context.backorderRoomOf(sku);
    return quantity > mayWait ? [{ sku, requested, available, mayWait }] : [];
  });
  if (shortages.length > 0 && onShortage !== 'cancel') return { placing: 'insufficient', shortages };

  const held = draft.lines.flatMap((line) => {
    const quantity = heldOf({ ...line, requested: line.ordered });
    return quantity > 0 ? [{ sku: line.sku, quantity }] : [];
  });
  if (held.length > 0) draft.note('placed', `${unitsInWords(held)}: set aside until it is paid.`);
  for (const { sku, quantity } of short) {
    if (onShortage === 'backorder') draft.backorder(sku, quantity);
    else draft.cancel(sku, quantity);
  }
  if (short.length > 0) {
    if (onShortage === 'backorder')
      draft.note('backordered', `No warehouse has ${unitsInWords(short)}: they wait for new units, once it is paid.`);
    else
      draft.note('units-cancelled', `No warehouse has ${unitsInWords(short)}, and the order does not wait: cancelled.`);
  }
  // Nothing of it is held, and nothing waits: nobody is to pay for it.
  if (draft.lines.every(({ ordered, cancelled }) => cancelled === ordered)) draft.payment = 'not-needed';
  return { placing: 'placed', ...draft.finish() };
}

/** A reservation made firm: its holds go over as they are. Nobody agreed to wait: units that fall short later are cancelled. */
export function orderOfReservation(reservation: Reservation, context: OrderContext): OrderDecision {
  const { now } = context;
  const held = reservation.lines.filter((line) => heldOf(line) > 0);
  const lines = held.map((line) => ({ sku: line.sku, quantity: heldOf(line) }));
  const terms = {
    state: 'firm',
    payment: 'not-needed',
    placedAt: now,
    paymentDueAt: now,
    onShortage: 'cancel',
  } as const;
  const order = beginning(reservation, lines, terms);
  const draft = new OrderDraft(
    { ...order, lines: order.lines.map((line, index) => ({ ...line, holds: held[index]?.holds ?? [] })) },
    context,
  );
  draft.note('confirmed', `Reserved before, and confirmed: ${unitsInWords(lines)}.`);
  draft.allocateHeld();
  return draft.finish();
}

function beginning(
  { id, channel, owner }: Pick<Order, 'id' | 'channel' | 'owner'>,
  lines: readonly SkuQuantity[],
  terms: Pick<Order, 'state' | 'payment' | 'placedAt' | 'paymentDueAt' | 'paymentTtlSeconds' | 'onShortage'>,
): Order {
  return {
    id,
    channel,
    owner,
    ...terms,
    isCancelling: false,
    lines: lines.map(({ sku, quantity }) => ({ sku, ordered: quantity, cancelled: 0, backordered: 0, holds: [] })),
    allocations: [],
    history: [],
  };
}
