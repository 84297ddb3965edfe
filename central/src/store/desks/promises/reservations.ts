import { must } from '@edgestock/shared/runtime/assert';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import { centralLimits } from '../../../limits.ts';
import type { PromiseOutcome } from '../../../rules/promise-command.ts';
import { type Reservation, stateAt } from '../../../rules/reservation.ts';
import type { ReservationReader, ReservationWriter } from '../../tables/reservation-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Holdings } from './holdings.ts';

/** Timed promises, once `Reserving` has made them: prolonged, given up, and over when their time is. Inside a transaction of its caller. */
export class Reservations {
  readonly #reader: ReservationReader;
  readonly #writer: ReservationWriter;
  readonly #holdings: Holdings;

  constructor(tables: Tables, parts: { readonly holdings: Holdings }) {
    this.#reader = tables.reservations;
    this.#writer = tables.reservationWriter;
    this.#holdings = parts.holdings;
  }

  get(id: string): Awaitable<Reservation | undefined> {
    return this.#reader.get(id);
  }

  /** Whether the id belongs to a reservation that still holds its units. */
  async isHeld(id: string, now: number): Promise<boolean> {
    const reservation = await this.#reader.get(id);
    return reservation !== undefined && stateAt(reservation, now) === 'held';
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
      await this.#end([id], 'released', { at: now, reason });
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
    await this.#writer.end([id], 'confirmed', { at: now, reason: 'confirmed' });
  }

  async expire(id: string, now: number): Promise<void> {
    await this.#expireAll([id], now);
  }

  /** Ends those whose time is over, at most so many; tells how many. Long ended ones are forgotten. */
  async sweep(limit: number, now: number): Promise<number> {
    const over = await this.#reader.over(now, limit);
    if (over.length > 0) await this.#expireAll(over, now);
    await this.#writer.forget(now - centralLimits.endedReservationsKeptMs, limit);
    return over.length;
  }

  /** When the next one ends by time. */
  nextEnd(): Awaitable<number | undefined> {
    return this.#reader.nextEnd();
  }

  #expireAll(ids: readonly string[], now: number): Promise<void> {
    return this.#end(ids, 'expired', { at: now, reason: 'its time was over' });
  }

  async #end(
    ids: readonly string[],
    state: 'released' | 'expired',
    ended: { readonly at: number; readonly reason: string },
  ): Promise<void> {
    await this.#writer.end(ids, state, ended);
    await this.#holdings.giveUp('reservation', ids);
  }

  async #known(id: string): Promise<Reservation> {
    return must(await this.#reader.get(id), 'the reservation is there');
  }
}
