import { bodyOf } from './edge-api.ts';
import { type JsonAnswer, type JsonRequest, type Patience, requestPatiently, Unreachable } from './json-request.ts';

export type Demand = { readonly sku: string; readonly quantity: number };
/** What could not be had, and how many could. */
export type Shortage = { readonly sku: string; readonly requested: number; readonly available: number };

/** What was asked for, as it stands now; or a clean no, which changed nothing. */
export type ShopReply<Made> =
  | { readonly reply: 'made'; readonly made: Made }
  | { readonly reply: 'refused'; readonly code: string; readonly shortages: readonly Shortage[] };

export type Reservation = {
  readonly id: string;
  readonly state: 'held' | 'confirmed' | 'released' | 'expired';
  readonly lines: readonly { readonly sku: string; readonly requested: number; readonly held: number }[];
};

export type Order = {
  readonly id: string;
  readonly state: 'placed' | 'firm' | 'done' | 'cancelled';
  readonly payment: string;
  readonly lines: readonly OrderLine[];
  readonly allocations: readonly {
    readonly task: string;
    readonly warehouse: string;
    readonly lines: readonly AllocationLine[];
  }[];
  readonly history: readonly { readonly at: string; readonly step: string; readonly why: string }[];
};
export type OrderLine = {
  readonly sku: string;
  readonly ordered: number;
  readonly cancelled: number;
  readonly backordered: number;
  readonly holds: readonly { readonly warehouse: string; readonly quantity: number }[];
};
export type AllocationLine = {
  readonly sku: string;
  readonly quantity: number;
  readonly shipped: number;
  readonly givenUp: number;
};

export type NewOrder = {
  readonly id: string;
  readonly owner: string;
  readonly lines: readonly Demand[];
  readonly paymentTtlSeconds?: number;
  readonly onShortage?: 'refuse' | 'cancel' | 'backorder';
};

/** Central's side of one position. */
export type CentralShare = {
  readonly warehouse: string;
  readonly granted: number;
  readonly returned: number;
  readonly allocatedSent: number;
  readonly held: number;
  readonly unspent: number;
};

/**
 * Central as a storefront uses it: carts, orders, payments. Every request names what it is about by an id of the shop's own, so
 * it is repeated until it is answered, for at most `patienceMs`. Throws `Unreachable`.
 */
export class ShopApi {
  readonly url: string;
  readonly #patience: Patience;

  constructor(centralUrl: string, patience: Patience) {
    this.url = centralUrl.replace(/\/$/, '');
    this.#patience = patience;
  }

  reserve(cart: {
    readonly id: string;
    readonly owner: string;
    readonly lines: readonly Demand[];
    readonly ttlSeconds?: number;
  }): Promise<ShopReply<Reservation>> {
    return this.#write<Reservation>('reservation', '/v1/reservations', cart);
  }

  release(reservation: string): Promise<ShopReply<Reservation>> {
    return this.#write<Reservation>('reservation', `/v1/reservations/${reservation}/release`, {});
  }

  /** Paid elsewhere: the cart becomes an order of the same id. */
  confirm(reservation: string): Promise<ShopReply<Order>> {
    return this.#write<Order>('order', `/v1/reservations/${reservation}/confirm`, {});
  }

  place(order: NewOrder): Promise<ShopReply<Order>> {
    return this.#write<Order>('order', '/v1/orders', order);
  }

  pay(order: string, result: 'authorised' | 'failed'): Promise<ShopReply<Order>> {
    return this.#write<Order>('order', `/v1/orders/${order}/payment`, { result });
  }

  cancel(order: string, reason: string): Promise<ShopReply<Order>> {
    return this.#write<Order>('order', `/v1/orders/${order}/cancel`, { reason });
  }

  async reservation(id: string): Promise<Reservation> {
    return (await this.#get<{ readonly reservation: Reservation }>(`/v1/reservations/${id}`)).reservation;
  }

  async order(id: string): Promise<Order> {
    return (await this.#get<{ readonly order: Order }>(`/v1/orders/${id}`)).order;
  }

  /** A page of orders, latest first; `next` is the `before` of the page after it. */
  orders(page: {
    readonly state: Order['state'] | undefined;
    readonly before: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly orders: readonly Order[]; readonly next?: string }> {
    const parameters = new URLSearchParams({ limit: String(page.limit) });
    if (page.state !== undefined) parameters.set('state', page.state);
    if (page.before !== undefined) parameters.set('before', page.before);
    return this.#get(`/v1/orders?${parameters}`);
  }

  /** Positions of which central itself says that it has promised more than it was granted. */
  async oversold(): Promise<number> {
    const { promises } = await this.#get<{ readonly promises: { readonly oversold?: number } }>('/v1/status');
    if (promises.oversold === undefined) throw new Unreachable(`${this.url}: the store does not answer the status`);
    return promises.oversold;
  }

  async shares(sku: string): Promise<readonly CentralShare[]> {
    const { warehouses } = await this.#get<{
      readonly warehouses: readonly { readonly warehouse: string; readonly central: Omit<CentralShare, 'warehouse'> }[];
    }>(`/v1/stock/${encodeURIComponent(sku)}/explain`);
    return warehouses.map(({ warehouse, central }) => ({ warehouse, ...central }));
  }

  async #write<Made>(what: 'reservation' | 'order', path: string, body: object): Promise<ShopReply<Made>> {
    const answer = await this.#request(path, { body });
    if (answer.status === 200 || answer.status === 201) {
      return { reply: 'made', made: (answer.body as { readonly [Name in typeof what]: Made })[what] };
    }
    const { code = `http-${answer.status}`, shortages = [] } = (answer.body ?? {}) as {
      readonly code?: string;
      readonly shortages?: readonly Shortage[];
    };
    return { reply: 'refused', code, shortages };
  }

  async #get<Body>(path: string): Promise<Body> {
    return bodyOf(await this.#request(path), this.url + path) as Body;
  }

  #request(path: string, request: JsonRequest = {}): Promise<JsonAnswer> {
    return requestPatiently(this.url + path, request, this.#patience);
  }
}
