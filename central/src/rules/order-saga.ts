import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { assert, unreachable } from '@edgestock/shared/runtime/assert';
import { type Allocation, type AllocationLine, type Order, openOf, withdrawableOf } from './order.ts';
import type { OrderContext } from './order-context.ts';
import { type OrderDecision, OrderDraft } from './order-draft.ts';
import { unitsInWords } from './order-words.ts';

/** What can happen to an order once it is placed. Facts of nodes come once each: their log sees to that. */
export type OrderEvent =
  | { readonly event: 'pay'; readonly result: 'authorised' | 'failed'; readonly reference?: string }
  | { readonly event: 'cancel'; readonly reason: string }
  /** A node shipped units of a task. */
  | { readonly event: 'ship'; readonly task: string; readonly lines: readonly SkuQuantity[] }
  /** A node committed units of a task no longer: asked back, or not found. */
  | { readonly event: 'give-up'; readonly task: string; readonly lines: readonly SkuQuantity[] }
  /** No goods stand behind so many promised units of a warehouse any more: what can be served from elsewhere should be. */
  | { readonly event: 'deficit'; readonly warehouse: WarehouseId; readonly sku: Sku; readonly units: number }
  /** There are units for what waits. */
  | { readonly event: 'offer' }
  /** So many units that are held at a warehouse are not central's to promise any more: it was restored from a backup. */
  | { readonly event: 'lapse'; readonly warehouse: WarehouseId; readonly sku: Sku; readonly units: number }
  /** A warehouse is settled in this epoch of central: what is held there may be made firm. */
  | { readonly event: 'settled' }
  /** Time has passed: nothing else happened. */
  | { readonly event: 'wake' };

/**
 * The saga of an order: pay, allocate, ship, and the way back from each. Every deadline is judged by the clock of the context,
 * whether or not anybody woke the order in time. The same event again changes nothing, facts apart; and once facts stop, the
 * deadlines alone bring every order to its end, provided that nodes answer what they are asked.
 */
export function decideOrder(order: Order, event: OrderEvent, context: OrderContext): OrderDecision {
  const draft = new OrderDraft(order, context);
  if (order.state === 'placed' && context.now >= order.paymentDueAt) {
    draft.payment = 'timed-out';
    draft.note('payment-timed-out', 'Payment did not arrive in time.');
    abandon(draft);
  }
  switch (event.event) {
    case 'pay':
      pay(draft, event);
      break;
    case 'cancel':
      cancel(draft, event.reason);
      break;
    case 'ship':
      ship(draft, event);
      break;
    case 'give-up':
      giveUp(draft, order, event, context);
      break;
    case 'deficit':
      move(draft, event);
      break;
    case 'offer':
      serve(draft);
      break;
    case 'lapse':
      lapse(draft, order.onShortage, event, context);
      break;
    case 'settled':
      if (draft.state === 'firm') draft.allocateHeld();
      break;
    case 'wake':
      break;
    default:
      return unreachable(event);
  }
  // After the event: what was shipped just now need not be asked back.
  if (order.wakeAt !== undefined && context.now >= order.wakeAt) chase(draft, order, context);
  return draft.finish();
}

/** Why a payment or cancellation can have no effect any more; `undefined` when it had one or was said before. Ask of the order as decided. */
export function refusalOf(order: Order, event: OrderEvent): string | undefined {
  switch (event.event) {
    case 'pay':
      return isUnsourced(order) ? refusalOfUnsourced(event.result) : refusalOfPayment(order.payment, event.result);
    case 'cancel':
      return order.state === 'done' && !order.isCancelling ? 'all of it has been shipped or given up' : undefined;
    case 'ship':
    case 'give-up':
    case 'deficit':
    case 'offer':
    case 'lapse':
    case 'settled':
    case 'wake':
      return undefined;
    default:
      return unreachable(event);
  }
}

/** Cancelled as it was placed: every order that got anything begins with another step. */
function isUnsourced({ state, history }: Order): boolean {
  return state === 'cancelled' && history[0]?.step === 'units-cancelled';
}

function refusalOfUnsourced(result: 'authorised' | 'failed'): string | undefined {
  // A payment that failed is no news.
  return result === 'failed' ? undefined : 'no warehouse had any of it when it was placed';
}

function refusalOfPayment(payment: Order['payment'], result: 'authorised' | 'failed'): string | undefined {
  switch (payment) {
    case 'not-needed':
      return 'it needs no payment';
    case 'authorised':
      return result === 'authorised' ? undefined : 'it is paid already';
    // Cancelled all the same: only money that came is news to somebody.
    case 'awaited':
      return result === 'failed' ? undefined : 'it was cancelled before it was paid';
    case 'timed-out':
      return result === 'failed' ? undefined : 'payment did not arrive in time';
    case 'failed':
      return result === 'failed' ? undefined : 'its payment has failed before';
    default:
      return unreachable(payment);
  }
}

function pay(draft: OrderDraft, { result, reference }: Extract<OrderEvent, { event: 'pay' }>): void {
  if (draft.state !== 'placed' || draft.isCancelling) return;
  const named = reference === undefined ? '' : ` (${reference})`;
  draft.payment = result;
  if (result === 'failed') {
    draft.note('payment-failed', `Payment failed${named}.`);
    abandon(draft);
    return;
  }
  draft.state = 'firm';
  draft.note('paid', `Payment was authorised${named}.`);
  draft.allocateHeld();
}

function cancel(draft: OrderDraft, reason: string): void {
  if (draft.state === 'done' || draft.state === 'cancelled' || draft.isCancelling) return;
  draft.note('cancellation', `Cancelled: ${reason}.`);
  withdraw(draft, 'the order was cancelled');
}

/** Before payment nothing has left central: all of it is undone at once. */
function abandon(draft: OrderDraft): void {
  withdraw(draft, 'the order was cancelled');
}

/** Gives back what is held, cancels what waits, and asks back what is not shipped. */
function withdraw(draft: OrderDraft, reason: string): void {
  draft.isCancelling = true;
  for (const { sku, holds, backordered } of draft.lines) {
    for (const { warehouse, quantity } of holds) {
      draft.free(sku, warehouse, quantity);
      draft.cancel(sku, quantity);
    }
    draft.backorder(sku, -backordered);
    draft.cancel(sku, backordered);
  }
  for (const allocation of draft.allocations) draft.release(allocation, withdrawable(allocation), reason);
}

function ship(draft: OrderDraft, { task, lines }: Extract<OrderEvent, { event: 'ship' }>): void {
  const { warehouse, lines: known } = taskIn(draft, task);
  const beyond = draft.ship(task, lines);
  const shipped = less(lines, beyond);
  if (shipped.length > 0) draft.note('shipped', `${warehouse} shipped ${unitsInWords(shipped)}.`);
  // The parcel had left before the node heard of the release. The units are served or cancelled by now: a person must see to it.
  const late = beyond.flatMap(({ sku, quantity }) =>
    some(sku, Math.min(quantity, known.find((line) => line.sku === sku)?.givenUp ?? 0)),
  );
  if (late.length > 0) {
    const why = `${warehouse} shipped ${unitsInWords(late)} although it had given them up: please look into it.`;
    draft.note('mismatch', why);
  }
  noteBeyond(draft, warehouse, 'shipped', less(beyond, late));
}

function giveUp(
  draft: OrderDraft,
  before: Order,
  { task, lines }: Extract<OrderEvent, { event: 'give-up' }>,
  context: OrderContext,
): void {
  const { warehouse, lines: known } = taskIn(draft, task);
  const beyond = draft.giveUp(task, lines);
  const given = less(lines, beyond);
  // What was asked back counts as answered first.
  const asked = given.flatMap(({ sku, quantity }) =>
    some(sku, Math.min(quantity, known.find((line) => line.sku === sku)?.releasing ?? 0)),
  );
  const missing = less(given, asked);
  if (asked.length > 0) draft.note('given-back', `${warehouse} gave back ${unitsInWords(asked)}.`);
  if (missing.length > 0) draft.note('short', `${warehouse} cannot ship ${unitsInWords(missing)} after all.`);
  noteBeyond(draft, warehouse, 'gave up', beyond);
  if (draft.isCancelling) {
    for (const { sku, quantity } of given) draft.cancel(sku, quantity);
    return;
  }
  // Not from where they just could not be had, or were asked back: it may still offer them by mistake.
  const short = draft.holdBesides(warehouse, given);
  draft.allocateHeld();
  fallShort(draft, before.onShortage, short, context);
}

/** Units that nobody has wait or go, as the order wants it. */
function fallShort(
  draft: OrderDraft,
  onShortage: Order['onShortage'],
  lines: readonly SkuQuantity[],
  { backorderRoomOf }: OrderContext,
): void {
  const waiting = lines.flatMap(({ sku, quantity }) =>
    onShortage === 'backorder' ? some(sku, Math.min(quantity, backorderRoomOf(sku))) : [],
  );
  const gone = less(lines, waiting);
  for (const { sku, quantity } of waiting) draft.backorder(sku, quantity);
  for (const { sku, quantity } of gone) draft.cancel(sku, quantity);
  if (waiting.length > 0)
    draft.note('backordered', `No warehouse has ${unitsInWords(waiting)}: they wait for new units.`);
  if (gone.length > 0) {
    const why = onShortage === 'backorder' ? 'too many wait already' : 'the order does not wait';
    draft.note('units-cancelled', `No warehouse has ${unitsInWords(gone)}, and ${why}: cancelled.`);
  }
}

function move(draft: OrderDraft, { warehouse, sku, units }: Extract<OrderEvent, { event: 'deficit' }>): void {
  let left = units;
  const held = draft.lines.find((line) => line.sku === sku)?.holds.find((hold) => hold.warehouse === warehouse);
  if (held !== undefined) {
    const asked = some(sku, Math.min(left, held.quantity));
    const kept = draft.holdBesides(warehouse, asked);
    for (const { quantity } of less(asked, kept)) {
      draft.free(sku, warehouse, quantity);
      draft.note(
        'moved',
        `${warehouse} does not have ${quantity} of ${sku} any more: another warehouse keeps them now.`,
      );
      left -= quantity;
    }
    // It stays where it is: goods may still come before the order is paid.
    if (kept.length > 0)
      draft.noteOnce('not-moved', `${warehouse} misses some of ${sku}, and no other warehouse has them.`);
  }
  for (const allocation of draft.allocations.filter((one) => one.warehouse === warehouse).toReversed()) {
    const [line] = withdrawable(allocation).filter((one) => one.sku === sku);
    const asked = some(sku, Math.min(left, line?.quantity ?? 0));
    draft.release(allocation, asked, 'it has too few left');
    for (const { quantity } of asked) left -= quantity;
  }
}

function lapse(
  draft: OrderDraft,
  onShortage: Order['onShortage'],
  { warehouse, sku, units }: Extract<OrderEvent, { event: 'lapse' }>,
  context: OrderContext,
): void {
  const held = draft.lines.find((line) => line.sku === sku)?.holds.find((hold) => hold.warehouse === warehouse);
  // It has given up all it held: its time was over.
  const gone = Math.min(units, held?.quantity ?? 0);
  if (gone === 0) return;
  draft.free(sku, warehouse, gone);
  draft.note(
    'lapsed',
    `${gone} of ${sku} are not set aside in ${warehouse} any more: central was restored from a backup, and had given them back.`,
  );
  const short = draft.holdBesides(warehouse, [{ sku, quantity: gone }]);
  if (draft.state === 'firm') draft.allocateHeld();
  fallShort(draft, onShortage, short, context);
}

/** Only what is paid is served later: whoever only asked must not keep units from those who wait. */
function serve(draft: OrderDraft): void {
  if (draft.state !== 'firm') return;
  const waiting = draft.lines.flatMap(({ sku, backordered }) => some(sku, backordered));
  const short = draft.hold(waiting);
  const served = less(waiting, short);
  if (served.length === 0) return;
  for (const { sku, quantity } of served) draft.backorder(sku, -quantity);
  draft.note('served', `There are new units: ${unitsInWords(served)} wait no longer.`);
  draft.allocateHeld();
}

/** What has come due of a firm order: the end of its time, or tasks that are late. */
function chase(draft: OrderDraft, before: Order, { now, terms }: OrderContext): void {
  if (draft.state !== 'firm' || draft.isCancelling) return;
  if (now >= before.placedAt + terms.serveWithinMs) {
    draft.note('too-old', 'It could not be served in all the time an order has.');
    withdraw(draft, 'the order is too old');
    return;
  }
  for (const allocation of draft.allocations) {
    const late = now >= allocation.at + terms.shipWithinMs ? withdrawable(allocation) : [];
    if (late.length === 0) continue;
    const { warehouse } = allocation;
    const stuck = draft.missingBesides(warehouse, late);
    draft.release(allocation, less(late, stuck), 'it is late, and another warehouse has them');
    if (stuck.length === 0) continue;
    draft.noteOnce('late', `${warehouse} is late with ${unitsInWords(stuck)}, and no other warehouse has them.`);
  }
}

function noteBeyond(draft: OrderDraft, warehouse: WarehouseId, verb: string, beyond: readonly SkuQuantity[]): void {
  if (beyond.length === 0) return;
  draft.note(
    'mismatch',
    `${warehouse} ${verb} ${unitsInWords(beyond)} more than it was asked to ship: please look into it.`,
  );
}

function taskIn(draft: OrderDraft, task: string): Allocation {
  const allocation = draft.allocations.find((one) => one.task === task);
  assert(allocation !== undefined, () => `${task} is a task of another order`);
  return allocation;
}

function withdrawable({ lines }: Allocation): readonly SkuQuantity[] {
  return lines.flatMap((line: AllocationLine) => (openOf(line) > 0 ? some(line.sku, withdrawableOf(line)) : []));
}

/** A line, or none for no units. */
function some(sku: Sku, quantity: number): readonly SkuQuantity[] {
  return quantity > 0 ? [{ sku, quantity }] : [];
}

/** The lines less the units of the second; one line for each SKU on either side. */
function less(lines: readonly SkuQuantity[], taken: readonly SkuQuantity[]): readonly SkuQuantity[] {
  return lines.flatMap(({ sku, quantity }) =>
    some(sku, quantity - (taken.find((one) => one.sku === sku)?.quantity ?? 0)),
  );
}
