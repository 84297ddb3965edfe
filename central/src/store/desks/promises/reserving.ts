import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { must } from '@edgestock/shared/runtime/assert';
import type { NewPromise, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { Shortage } from '../../../rules/reservation.ts';
import { holdsOf } from '../../../rules/sourcing.ts';
import type { ReservationLineRow, ReservationReader, ReservationWriter } from '../../tables/reservation-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Holdings } from './holdings.ts';
import type { Found } from './new-promises.ts';

type Reserve = Extract<NewPromise, { readonly command: 'reserve' }>;

/** Makes reservations, each on what is found of it (`NewPromises`). Inside a transaction of its caller. */
export class Reserving {
  readonly #reader: ReservationReader;
  readonly #writer: ReservationWriter;
  readonly #holdings: Holdings;

  constructor(tables: Tables, parts: { readonly holdings: Holdings }) {
    this.#reader = tables.reservations;
    this.#writer = tables.reservationWriter;
    this.#holdings = parts.holdings;
  }

  async reserve(command: Reserve, found: Found, now: number): Promise<PromiseOutcome> {
    const { id, channel, owner, ttlSeconds, expiresAt, isPartial } = command;
    if (found.reservations.has(id)) return this.#again(command);
    if (!found.isChannelKnown) return { outcome: 'unknown', what: 'channel', id: channel };
    // It could never be confirmed: an order has its id.
    if (found.orders.has(id)) return { outcome: 'id-taken', by: 'order', id };
    if (now >= expiresAt) return { outcome: 'too-late', state: 'expired', why: 'its time is over before it begins' };
    const demand = summed(command.lines);
    const { holds, shortages } = found.draft.plan(demand);
    if (shortages.length > 0 && (!isPartial || holds.length === 0)) return { outcome: 'insufficient', shortages };
    const short = new Map(shortages.map(({ sku, available }) => [sku, available]));
    const lines = demand.map(({ sku, quantity }) => ({
      sku,
      requested: quantity,
      promised: short.get(sku) ?? quantity,
    }));
    const made = { id, channel, owner, state: 'held', createdAt: now, expiresAt } as const;
    await this.#writer.insert({ ...made, ttlSeconds, isPartial }, lines);
    await this.#holdings.note({ kind: 'reservation', id }, channel, holds);
    found.draft.take(holds);
    found.reservations.add(id);
    // As `ReservationReader` would read it back, which would cost as much as all that was written.
    const reservation = {
      ...made,
      lines: lines.map(({ sku, requested }) => ({ sku, requested, holds: holdsOf(holds, sku) })),
    };
    return { outcome: 'reserved', reservation, shortages, isReplay: false };
  }

  /** The id is the key of a request without one: the same again is answered with what has become of it. */
  async #again({ id, channel, owner, lines, ttlSeconds, isPartial }: Reserve): Promise<PromiseOutcome> {
    const existing = must(await this.#reader.get(id), 'the reservation is there');
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
