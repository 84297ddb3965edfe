import { must } from '@edgestock/shared/runtime/assert';
import type { Order } from '../../../rules/order.ts';
import { placeOrder } from '../../../rules/order-placing.ts';
import type { PromiseCommand, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { ChannelReader } from '../../tables/channel-table.ts';
import type { OrderReader } from '../../tables/order-table.ts';
import type { QuotaTable } from '../../tables/quota-table.ts';
import type { ReservationReader } from '../../tables/reservation-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Answers } from '../promises/answers.ts';
import { QuotaDraft } from '../promises/quota-draft.ts';
import type { Reservations } from '../promises/reservations.ts';
import type { OrderSagas } from './order-sagas.ts';

export type PlaceOrder = Extract<PromiseCommand, { readonly command: 'place-order' }>;

/** What some orders of one channel find before the first of them is placed; what they come to is added. */
type Found = {
  readonly isChannelKnown: boolean;
  readonly orders: Set<string>;
  readonly reservations: ReadonlySet<string>;
  readonly draft: QuotaDraft;
};

/**
 * Takes up orders. Those that come together are decided one after the other, each on what the ones before it left, and ask the
 * store together for what they have to know, as reservations do (`Reserving`). Inside a transaction of its caller.
 */
export class Placing {
  readonly #orders: OrderReader;
  readonly #reservationReader: ReservationReader;
  readonly #channels: ChannelReader;
  readonly #quota: QuotaTable;
  readonly #reservations: Reservations;
  readonly #sagas: OrderSagas;
  readonly #answers: Answers;

  constructor(
    tables: Tables,
    parts: {
      readonly quota: QuotaTable;
      readonly reservations: Reservations;
      readonly sagas: OrderSagas;
      readonly answers: Answers;
    },
  ) {
    this.#orders = tables.orders;
    this.#reservationReader = tables.reservations;
    this.#channels = tables.channels;
    this.#quota = parts.quota;
    this.#reservations = parts.reservations;
    this.#sagas = parts.sagas;
    this.#answers = parts.answers;
  }

  /** All of them of one channel. */
  async place(commands: readonly [PlaceOrder, ...PlaceOrder[]], now: number): Promise<readonly PromiseOutcome[]> {
    const [{ channel }] = commands;
    const ids = commands.map(({ id }) => id);
    const skus = new Set(commands.flatMap(({ lines }) => lines.map(({ sku }) => sku)));
    const [answers, orders, reservations, record, draft] = await Promise.all([
      this.#answers.among(commands),
      this.#orders.known(ids),
      this.#reservationReader.known(ids),
      this.#channels.get(channel),
      QuotaDraft.of(this.#quota, channel, [...skus], now),
    ]);
    const found: Found = { isChannelKnown: record !== undefined, orders: new Set(orders), reservations, draft };
    const outcomes: PromiseOutcome[] = [];
    for (const command of commands)
      outcomes.push(await answers.once(command, () => this.#one(command, found, now), now));
    await draft.settle();
    return outcomes;
  }

  async #one(command: PlaceOrder, found: Found, now: number): Promise<PromiseOutcome> {
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
