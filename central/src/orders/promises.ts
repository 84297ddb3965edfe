import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuPolicy, SkuQuantity } from '@edgestock/shared/protocol/directive';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { timeOrderedId } from '@edgestock/shared/runtime/time-ordered-id';
import type { Channel, ChannelRecord } from '../rules/channel.ts';
import type { Order } from '../rules/order.ts';
import type {
  CentralItem,
  IdempotencyKey,
  PromiseCommand,
  PromiseOutcome,
  SettlementAsked,
  SkuBuffer,
  WarehouseSettings,
} from '../rules/promise-command.ts';
import { type Reservation, type Shortage, stateAt } from '../rules/reservation.ts';
import type { PromiseReader } from '../store/promise-store.ts';
import type { PromiseWriter } from './promise-writer.ts';

type Failure<Kind extends PromiseOutcome['outcome']> = Extract<PromiseOutcome, { readonly outcome: Kind }>;
/** What a caller may hear instead of what was asked for; nothing changed. */
export type Unpromised = Failure<'key-reused' | 'unknown' | 'id-taken' | 'too-late' | 'insufficient'>;
export type Reserved = Failure<'reserved'>;
export type ReservationChanged = Failure<'reservation'>;
export type OrderChanged = Failure<'order'>;
export type Settled = Failure<'settled' | 'settled-otherwise' | 'nothing-to-apply'>;

export type Demand = {
  /** Absent: one is made up. */
  readonly id?: string;
  readonly channel: Channel;
  readonly owner: string;
  /** May name a SKU several times: the demand is summed before it is checked. */
  readonly lines: readonly SkuQuantity[];
  readonly idempotency?: IdempotencyKey;
};

/**
 * What a shop asks of central's promises. The times of a promise are counted from its arrival here, by central's clock; it is
 * carried out where the store is written. Every method that writes throws `PromiseUnavailable` when that cannot be done now.
 */
export class Promises {
  readonly #writer: PromiseWriter;
  readonly #reader: PromiseReader;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: {
    readonly writer: PromiseWriter;
    readonly reader: PromiseReader;
    readonly clock: Clock;
    readonly random: Random;
  }) {
    this.#writer = options.writer;
    this.#reader = options.reader;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  async reserve(
    demand: Demand & { readonly ttlSeconds: number; readonly isPartial: boolean },
  ): Promise<Reserved | Unpromised> {
    const { ttlSeconds, isPartial } = demand;
    const expiresAt = this.#clock.now() + ttlSeconds * 1_000;
    const command = { command: 'reserve', ...this.#demanded(demand), ttlSeconds, expiresAt, isPartial } as const;
    return oneOf(await this.#writer.promise(command), 'reserved');
  }

  async renew(reservation: string, ttlSeconds: number): Promise<ReservationChanged | Unpromised> {
    const expiresAt = this.#clock.now() + ttlSeconds * 1_000;
    return oneOf(await this.#writer.promise({ command: 'renew', reservation, expiresAt }), 'reservation');
  }

  async release(reservation: string, reason: string): Promise<ReservationChanged | Unpromised> {
    return oneOf(await this.#writer.promise({ command: 'release', reservation, reason }), 'reservation');
  }

  async confirm(reservation: string): Promise<OrderChanged | Unpromised> {
    return oneOf(await this.#writer.promise({ command: 'confirm', reservation }), 'order');
  }

  async placeOrder(
    demand: Demand & { readonly paymentTtlSeconds: number; readonly onShortage: 'refuse' | 'cancel' | 'backorder' },
  ): Promise<OrderChanged | Unpromised> {
    const { paymentTtlSeconds, onShortage } = demand;
    const paymentDueAt = this.#clock.now() + paymentTtlSeconds * 1_000;
    const command = {
      command: 'place-order',
      ...this.#demanded(demand),
      paymentTtlSeconds,
      paymentDueAt,
      onShortage,
    } as const;
    return oneOf(await this.#writer.promise(command), 'order');
  }

  async pay(
    order: string,
    payment: { readonly result: 'authorised' | 'failed'; readonly reference?: string },
  ): Promise<OrderChanged | Unpromised> {
    return oneOf(await this.#writer.promise({ command: 'pay', order, ...payment }), 'order');
  }

  async cancel(order: string, reason: string): Promise<OrderChanged | Unpromised> {
    return oneOf(await this.#writer.promise({ command: 'cancel', order, reason }), 'order');
  }

  setPolicy(warehouse: WarehouseId, settings: WarehouseSettings): Promise<Failure<'set'> | Unpromised> {
    return this.#set({ command: 'set-policy', warehouse, settings });
  }

  setSkuPolicies(warehouse: WarehouseId, rules: readonly SkuPolicy[]): Promise<Failure<'set'> | Unpromised> {
    return this.#set({ command: 'set-sku-policy', warehouse, rules });
  }

  releaseUnknownTask(warehouse: WarehouseId, task: string): Promise<Failure<'set'> | Unpromised> {
    return this.#set({ command: 'release-unknown-task', warehouse, task });
  }

  setChannel(record: ChannelRecord): Promise<Failure<'set'> | Unpromised> {
    return this.#set({ command: 'set-channel', record });
  }

  setBuffers(channel: Channel, buffers: readonly SkuBuffer[]): Promise<Failure<'set'> | Unpromised> {
    return this.#set({ command: 'set-buffers', channel, buffers });
  }

  upsertCatalogue(items: readonly CentralItem[]): Promise<Failure<'set'> | Unpromised> {
    return this.#set({ command: 'upsert-catalogue', items });
  }

  /** A person settles something that was put aside. */
  async settle(id: number, settlement: SettlementAsked): Promise<Settled | Unpromised> {
    const outcome = await this.#writer.promise({ command: 'settle-late-fact', id, settlement });
    if (outcome.outcome === 'settled-otherwise' || outcome.outcome === 'nothing-to-apply') return outcome;
    return oneOf(outcome, 'settled');
  }

  /** In the state it has now: one whose time is over is expired before anybody has swept it up. */
  async reservation(id: string): Promise<Reservation | undefined> {
    const reservation = await this.#reader.reservation(id);
    return reservation && { ...reservation, state: stateAt(reservation, this.#clock.now()) };
  }

  /** Latest first, each in the state it has now. */
  async reservations(
    options: Omit<Parameters<PromiseReader['reservations']>[0], 'now'>,
  ): Promise<readonly Reservation[]> {
    const now = this.#clock.now();
    const reservations = await this.#reader.reservations({ ...options, now });
    return reservations.map((one) => ({ ...one, state: stateAt(one, now) }));
  }

  order(id: string): Promise<Order | undefined> {
    return this.#reader.order(id);
  }

  orders(options: Parameters<PromiseReader['orders']>[0]): Promise<readonly Order[]> {
    return this.#reader.orders(options);
  }

  settings(warehouse: WarehouseId): Promise<WarehouseSettings | undefined> {
    return this.#reader.settings(warehouse);
  }

  skuPolicies(warehouse: WarehouseId, after: Sku | undefined, limit: number): Promise<readonly SkuPolicy[]> {
    return this.#reader.skuPolicies(warehouse, after, limit);
  }

  buffers(
    channel: Channel,
    after: Sku | undefined,
    limit: number,
  ): Promise<readonly { readonly sku: Sku; readonly buffer: number }[]> {
    return this.#reader.buffers(channel, after, limit);
  }

  item(sku: Sku): Promise<CentralItem | undefined> {
    return this.#reader.item(sku);
  }

  items(after: Sku | undefined, limit: number): Promise<readonly CentralItem[]> {
    return this.#reader.items(after, limit);
  }

  #demanded({ id, channel, owner, lines, idempotency }: Demand) {
    return {
      id: id ?? timeOrderedId(this.#clock.now(), this.#random),
      channel,
      owner,
      lines: summed(lines),
      ...(idempotency === undefined ? {} : { idempotency }),
    };
  }

  async #set(command: PromiseCommand): Promise<Failure<'set'> | Unpromised> {
    return oneOf(await this.#writer.promise(command), 'set');
  }
}

/** One line for each SKU, in the order of their first mention: two lines of one SKU must not both be promised its last unit. */
export function summed(lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
  const bySku = new Map<Sku, number>();
  for (const { sku, quantity } of lines) bySku.set(sku, (bySku.get(sku) ?? 0) + quantity);
  return [...bySku].map(([sku, quantity]) => ({ sku, quantity }));
}

/** Names what is short, for a message: `3 of A (1 available)`; of an order that would wait `(1 available, 1 more may wait)`. */
export function shortageText(shortages: readonly Shortage[]): string {
  return shortages
    .map(({ sku, requested, available, mayWait }) => {
      const room = mayWait === undefined ? '' : `, ${mayWait} more may wait`;
      return `${requested} of ${sku} (${available} available${room})`;
    })
    .join(', ');
}

/** A store that answers one command with the outcome of another is broken. */
function oneOf<Kind extends PromiseOutcome['outcome']>(
  outcome: PromiseOutcome,
  kind: Kind,
): Failure<Kind> | Unpromised {
  switch (outcome.outcome) {
    case 'key-reused':
    case 'unknown':
    case 'id-taken':
    case 'too-late':
    case 'insufficient':
      return outcome;
    default:
      assert(outcome.outcome === kind, () => `the outcome is ${outcome.outcome} where ${kind} was due`);
      return outcome as Failure<Kind>;
  }
}
