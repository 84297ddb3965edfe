import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import { centralLimits } from '../../../limits.ts';
import type { PromiseCommand, PromiseOutcome } from '../../../rules/promise-command.ts';
import { type Reservation, type Shortage, stateAt } from '../../../rules/reservation.ts';
import { holdsOf } from '../../../rules/sourcing.ts';
import type { ChannelReader } from '../../tables/channel-table.ts';
import type { OrderReader } from '../../tables/order-table.ts';
import type { ReservationLineRow, ReservationReader, ReservationWriter } from '../../tables/reservation-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Holdings } from './holdings.ts';
import type { PromiseSourcing } from './promise-sourcing.ts';

type Reserve = Extract<PromiseCommand, { readonly command: 'reserve' }>;

/** Timed promises: made, prolonged, given up, and over when their time is. Inside a transaction of its caller. */
export class Reservations {
  readonly #reader: ReservationReader;
  readonly #writer: ReservationWriter;
  readonly #orders: OrderReader;
  readonly #channels: ChannelReader;
  readonly #holdings: Holdings;
  readonly #sourcing: PromiseSourcing;

  constructor(tables: Tables, parts: { readonly holdings: Holdings; readonly sourcing: PromiseSourcing }) {
    this.#reader = tables.reservations;
    this.#writer = tables.reservationWriter;
    this.#orders = tables.orders;
    this.#channels = tables.channels;
    this.#holdings = parts.holdings;
    this.#sourcing = parts.sourcing;
  }

  async get(id: string): Promise<Reservation | undefined> {
    return await this.#reader.get(id);
  }

  /** Whether the id belongs to a reservation that still holds its units. */
  async isHeld(id: string, now: number): Promise<boolean> {
    const reservation = await this.#reader.get(id);
    return reservation !== undefined && stateAt(reservation, now) === 'held';
  }

  async reserve(command: Reserve, now: number): Promise<PromiseOutcome> {
    const { id, channel, owner, ttlSeconds, expiresAt, isPartial } = command;
    const existing = await this.#reader.get(id);
    if (existing !== undefined) return await this.#again(existing, command);
    if ((await this.#channels.get(channel)) === undefined) return { outcome: 'unknown', what: 'channel', id: channel };
    // It could never be confirmed: an order has its id.
    if ((await this.#orders.get(id)) !== undefined) return { outcome: 'id-taken', by: 'order', id };
    if (now >= expiresAt) return { outcome: 'too-late', state: 'expired', why: 'its time is over before it begins' };
    const demand = summed(command.lines);
    const { holds, shortages } = await this.#sourcing.plan(channel, demand, now);
    if (shortages.length > 0 && (!isPartial || holds.length === 0)) return { outcome: 'insufficient', shortages };
    const short = new Map(shortages.map(({ sku, available }) => [sku, available]));
    const lines = demand.map(({ sku, quantity }) => ({
      sku,
      requested: quantity,
      promised: short.get(sku) ?? quantity,
    }));
    const made = { id, channel, owner, state: 'held', createdAt: now, expiresAt } as const;
    await this.#writer.insert({ ...made, ttlSeconds, isPartial }, lines);
    await this.#holdings.take({ kind: 'reservation', id }, channel, holds);
    // As `ReservationReader` would read it back, which would cost as much as all that was written.
    const reservation = {
      ...made,
      lines: lines.map(({ sku, requested }) => ({ sku, requested, holds: holdsOf(holds, sku) })),
    };
    return { outcome: 'reserved', reservation, shortages, isReplay: false };
  }

  /** Its time only grows, so that a request that is repeated late takes nothing away. */
  async renew(id: string, expiresAt: number, now: number): Promise<PromiseOutcome> {
    const reservation = await this.open(id, now);
    if ('outcome' in reservation) return reservation;
    const isReplay = reservation.expiresAt >= expiresAt;
    if (!isReplay) await this.#writer.renew(id, expiresAt);
    return { outcome: 'reservation', reservation: await this.#known(id), isReplay };
  }

  /** Who releases wants nothing to be held: of one that is released or expired that is so already. */
  async release(id: string, reason: string, now: number): Promise<PromiseOutcome> {
    const reservation = await this.open(id, now);
    if (!('outcome' in reservation)) {
      await this.#end(id, 'released', reason, now);
      return { outcome: 'reservation', reservation: await this.#known(id), isReplay: false };
    }
    const ended = await this.#reader.get(id);
    if (ended === undefined || ended.state === 'confirmed') return reservation;
    return { outcome: 'reservation', reservation: ended, isReplay: true };
  }

  /**
   * The reservation while it is held; else the answer to who wants it to be. One whose time is over ends here, and its units
   * are given back: expiry is judged wherever a reservation is used.
   */
  async open(
    id: string,
    now: number,
  ): Promise<Reservation | Extract<PromiseOutcome, { outcome: 'unknown' | 'too-late' }>> {
    const reservation = await this.#reader.get(id);
    if (reservation === undefined) return { outcome: 'unknown', what: 'reservation', id };
    const state = stateAt(reservation, now);
    if (state === 'held') return reservation;
    if (reservation.state === 'held') await this.expire(id, now);
    const at = reservation.ended?.at ?? reservation.expiresAt;
    return { outcome: 'too-late', state, why: `it has been ${state} since ${new Date(at).toISOString()}` };
  }

  /** It became an order, which has taken its units over (`Holdings.handOver`). */
  async confirmed(id: string, now: number): Promise<void> {
    await this.#writer.end(id, 'confirmed', { at: now, reason: 'confirmed' });
  }

  async expire(id: string, now: number): Promise<void> {
    await this.#end(id, 'expired', 'its time was over', now);
  }

  /** Ends those whose time is over, at most so many; tells how many. Long ended ones are forgotten. */
  async sweep(limit: number, now: number): Promise<number> {
    const over = await this.#reader.over(now, limit);
    for (const id of over) await this.expire(id, now);
    await this.#writer.forget(now - centralLimits.endedReservationsKeptMs, limit);
    return over.length;
  }

  /** When the next one ends by time. */
  async nextEnd(): Promise<number | undefined> {
    return await this.#reader.nextEnd();
  }

  async #end(id: string, state: 'released' | 'expired', reason: string, now: number): Promise<void> {
    await this.#writer.end(id, state, { at: now, reason });
    await this.#holdings.giveUp({ kind: 'reservation', id });
  }

  /** The id is the key of a request without one: the same again is answered with what has become of it. */
  async #again(
    existing: Reservation,
    { id, channel, owner, lines, ttlSeconds, isPartial }: Reserve,
  ): Promise<PromiseOutcome> {
    const known = await this.#reader.lines(id);
    const shortages = shortagesOf(known);
    const terms = await this.#reader.terms(id);
    // Stores of earlier builds tell only of those that took a part.
    const wasPartial = terms.isPartial ?? (shortages.length > 0 || isPartial);
    const isSame =
      existing.channel === channel &&
      existing.owner === owner &&
      isSameDemand(known, summed(lines)) &&
      (terms.ttlSeconds ?? ttlSeconds) === ttlSeconds &&
      wasPartial === isPartial;
    if (!isSame) return { outcome: 'key-reused', key: id };
    return { outcome: 'reserved', reservation: existing, shortages, isReplay: true };
  }

  async #known(id: string): Promise<Reservation> {
    return must(await this.#reader.get(id), 'the reservation is there');
  }
}

/** One line for each SKU, in the order of SKU: what is asked for twice is asked for together. */
function summed(lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
  const quantities = new Map<SkuQuantity['sku'], number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return Array.from(quantities, ([sku, quantity]) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
}

function isSameDemand(known: readonly ReservationLineRow[], demand: readonly SkuQuantity[]): boolean {
  return (
    known.length === demand.length &&
    known.every(({ sku, requested }, at) => demand[at]?.sku === sku && demand[at].quantity === requested)
  );
}

function shortagesOf(lines: readonly ReservationLineRow[]): readonly Shortage[] {
  return lines
    .filter(({ requested, promised }) => promised < requested)
    .map(({ sku, requested, promised }) => ({ sku, requested, available: promised }));
}
