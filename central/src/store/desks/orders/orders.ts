import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Order } from '../../../rules/order.ts';
import { orderOfReservation, placeOrder } from '../../../rules/order-placing.ts';
import { type OrderEvent, refusalOf } from '../../../rules/order-saga.ts';
import type { PromiseCommand, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { ChannelReader } from '../../tables/channel-table.ts';
import type { OrderFinder, OrderReader } from '../../tables/order-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Reservations } from '../promises/reservations.ts';
import type { Promising } from './promising.ts';

export type OrderCommand = Extract<PromiseCommand, { readonly command: 'confirm' | 'place-order' | 'pay' | 'cancel' }>;
type PlaceOrder = Extract<PromiseCommand, { readonly command: 'place-order' }>;
type Parts = Pick<Promising, 'sagas' | 'backorders' | 'deficits' | 'holdings'>;

/** Orders: placed, made firm, cancelled, and carried on by time. Inside a transaction of its caller. */
export class Orders {
  readonly #reader: OrderReader;
  readonly #finder: OrderFinder;
  readonly #channels: ChannelReader;
  readonly #parts: Parts;
  readonly #reservations: Reservations;

  constructor(tables: Tables, { reservations, ...parts }: Parts & { readonly reservations: Reservations }) {
    this.#reader = tables.orders;
    this.#finder = tables.orderFinder;
    this.#channels = tables.channels;
    this.#parts = parts;
    this.#reservations = reservations;
  }

  apply(command: OrderCommand, now: number): Promise<PromiseOutcome> {
    switch (command.command) {
      case 'place-order':
        return this.#place(command, now);
      case 'confirm':
        return this.#confirm(command.reservation, now);
      case 'pay': {
        const { order, result, reference } = command;
        return this.#happen(order, { event: 'pay', result, ...(reference === undefined ? {} : { reference }) }, now);
      }
      case 'cancel':
        return this.#happen(command.order, { event: 'cancel', reason: command.reason }, now);
      default:
        return unreachable(command);
    }
  }

  /** Lets orders go on whose moment has come, at most so many, and those that wait for units; tells how many of the first. */
  async wake(limit: number, now: number): Promise<number> {
    const due = await this.#finder.due(now, limit);
    for (const id of due) await this.#parts.sagas.decide(id, { event: 'wake' }, now);
    // Those who wait get what is left.
    await this.#parts.deficits.coverFreed(now);
    await this.#parts.backorders.sweep(limit, now);
    return due.length;
  }

  /** When the next one must be looked at. */
  async nextWake(): Promise<number | undefined> {
    return await this.#finder.nextWake();
  }

  async #place(command: PlaceOrder, now: number): Promise<PromiseOutcome> {
    const { id, channel } = command;
    const existing = await this.#reader.get(id);
    if (existing !== undefined) {
      // The id is the key of a request without one: the same again is answered with what has become of it.
      if (!isSameRequest(existing, command)) return { outcome: 'key-reused', key: id };
      return { outcome: 'order', order: existing, isReplay: true };
    }
    if ((await this.#channels.get(channel)) === undefined) return { outcome: 'unknown', what: 'channel', id: channel };
    // It could never be confirmed, and would hold the same units a second time.
    if (await this.#reservations.isHeld(id, now)) return { outcome: 'id-taken', by: 'reservation', id };
    const placing = await this.#parts.sagas.ask({ channel, now }, (context) => placeOrder(command, context));
    if (placing.placing === 'insufficient') return { outcome: 'insufficient', shortages: placing.shortages };
    return { outcome: 'order', order: (await this.#parts.sagas.begin(placing, now)).order, isReplay: false };
  }

  async #confirm(id: string, now: number): Promise<PromiseOutcome> {
    const reservation = await this.#reservations.get(id);
    const existing = await this.#reader.get(id);
    if (reservation?.state === 'confirmed' && existing !== undefined) {
      return { outcome: 'order', order: existing, isReplay: true };
    }
    const open = await this.#reservations.open(id, now);
    if ('outcome' in open) return open;
    // Somebody placed an order under the reservation's id, in a release that let them.
    if (existing !== undefined) return { outcome: 'id-taken', by: 'order', id };
    const decision = await this.#parts.sagas.ask({ channel: open.channel, now }, (context) =>
      orderOfReservation(open, context),
    );
    await this.#parts.holdings.handOver({ kind: 'reservation', id }, { kind: 'order', id }, open.channel);
    await this.#reservations.confirmed(id, now);
    return { outcome: 'order', order: (await this.#parts.sagas.begin(decision, now)).order, isReplay: false };
  }

  async #happen(id: string, event: OrderEvent, now: number): Promise<PromiseOutcome> {
    if ((await this.#reader.get(id)) === undefined) return { outcome: 'unknown', what: 'order', id };
    const { order, isChanged } = await this.#parts.sagas.decide(id, event, now);
    const refusal = refusalOf(order, event);
    if (refusal !== undefined) return { outcome: 'too-late', state: order.state, why: refusal };
    return { outcome: 'order', order, isReplay: !isChanged };
  }
}

function isSameRequest(order: Order, { channel, owner, lines, onShortage, paymentTtlSeconds }: PlaceOrder): boolean {
  const asked = new Map<string, number>();
  for (const { sku, quantity } of lines) asked.set(sku, (asked.get(sku) ?? 0) + quantity);
  return (
    order.channel === channel &&
    order.owner === owner &&
    isSameShortage(order, onShortage) &&
    (order.paymentTtlSeconds ?? paymentTtlSeconds) === paymentTtlSeconds &&
    order.lines.length === asked.size &&
    order.lines.every(({ sku, ordered }) => asked.get(sku) === ordered)
  );
}

/** Orders of earlier builds, and those that were reservations, know `refuse` as `cancel`; they have no time of payment. */
function isSameShortage({ onShortage, paymentTtlSeconds }: Order, asked: Order['onShortage']): boolean {
  return onShortage === asked || (paymentTtlSeconds === undefined && onShortage === 'cancel' && asked === 'refuse');
}
