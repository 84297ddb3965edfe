import { must } from '@edgestock/shared/runtime/assert';
import type { Order } from '../../../rules/order.ts';
import { placeOrder } from '../../../rules/order-placing.ts';
import type { NewPromise, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { OrderReader } from '../../tables/order-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Found } from '../promises/new-promises.ts';
import type { Reservations } from '../promises/reservations.ts';
import type { OrderSagas } from './order-sagas.ts';

type PlaceOrder = Extract<NewPromise, { readonly command: 'place-order' }>;

/** Takes up orders, each on what is found of it (`NewPromises`). Inside a transaction of its caller. */
export class Placing {
  readonly #orders: OrderReader;
  readonly #reservations: Reservations;
  readonly #sagas: OrderSagas;

  constructor(tables: Tables, parts: { readonly reservations: Reservations; readonly sagas: OrderSagas }) {
    this.#orders = tables.orders;
    this.#reservations = parts.reservations;
    this.#sagas = parts.sagas;
  }

  async place(command: PlaceOrder, found: Found, now: number): Promise<PromiseOutcome> {
    const { id, channel } = command;
    const { draft } = found;
    if (found.orders.has(id)) return this.#again(command);
    if (!found.isChannelKnown) return { outcome: 'unknown', what: 'channel', id: channel };
    // It could never be confirmed, and would hold the same units a second time.
    if (found.reservations.has(id) && (await this.#reservations.isHeld(id, now)))
      return { outcome: 'id-taken', by: 'reservation', id };
    const placing = await this.#sagas.ask({ channel, now, draft }, (context) => placeOrder(command, context));
    if (placing.placing === 'insufficient') return { outcome: 'insufficient', shortages: placing.shortages };
    const { order } = await this.#sagas.begin(placing, now, draft);
    found.orders.add(id);
    return { outcome: 'order', order, isReplay: false };
  }

  /** The id is the key of a request without one: the same again is answered with what has become of it. */
  async #again(command: PlaceOrder): Promise<PromiseOutcome> {
    const existing = must(await this.#orders.get(command.id), 'the order is there');
    if (!isSameRequest(existing, command)) return { outcome: 'key-reused', key: command.id };
    return { outcome: 'order', order: existing, isReplay: true };
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
