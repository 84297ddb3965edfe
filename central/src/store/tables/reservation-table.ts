import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { PromiseOutcome } from '../../rules/promise-command.ts';
import type { Reservation, ReservationState } from '../../rules/reservation.ts';

/** How long a reservation was asked for, and whether a part would do; `undefined` in stores of earlier builds. */
export type ReservationTerms = { readonly ttlSeconds: number | undefined; readonly isPartial: boolean | undefined };

export type ReservationLineRow = { readonly sku: Sku; readonly requested: number; readonly promised: number };

/** Reads reservations as they are stored; whether their time is over is for `stateAt` to say. */
export interface ReservationReader {
  get(id: string): Awaitable<Reservation | undefined>;
  /** Those of the ids that a reservation has, in whatever state. */
  known(ids: readonly string[]): Awaitable<ReadonlySet<string>>;
  /** What was asked for and what was promised when it was made, in the order of SKU. */
  lines(id: string): Awaitable<readonly ReservationLineRow[]>;
  /** The terms it was asked for on; what became of them is in the reservation. It must be there. */
  terms(id: string): Awaitable<ReservationTerms>;
  /** When the next one ends by time. */
  nextEnd(): Awaitable<number | undefined>;
  /** Those still held though their time is over, the earliest first. */
  over(now: number, limit: number): Awaitable<readonly string[]>;
}

/** Writes reservations; their units are for `HoldWriter` and `QuotaTable`. Inside a transaction of its caller. */
export interface ReservationWriter {
  insert(
    reservation: Pick<Reservation, 'id' | 'channel' | 'owner' | 'createdAt' | 'expiresAt'> & {
      readonly ttlSeconds: number;
      readonly isPartial: boolean;
    },
    lines: readonly ReservationLineRow[],
  ): Awaitable<void>;
  renew(id: string, expiresAt: number): Awaitable<void>;
  end(
    ids: readonly string[],
    state: Exclude<ReservationState, 'held'>,
    ended: { readonly at: number; readonly reason: string },
  ): Awaitable<void>;
  /** Forgets those that ended before a moment, at most so many; tells how many. */
  forget(before: number, limit: number): Awaitable<number>;
}

/** What a request came to, and what it was. */
export type KeptAnswer = { readonly fingerprint: string; readonly outcome: PromiseOutcome };

/** Remembers what requests came to, by their keys, in the transaction of their effect (P9). */
export interface AnswerTable {
  /** What these keys came to, of those that came to something. */
  found(keys: readonly string[]): Awaitable<ReadonlyMap<string, KeptAnswer>>;
  keep(key: string, answer: KeptAnswer, now: number): Awaitable<void>;
  /** Forgets answers from before a moment, at most so many; tells how many. */
  forget(before: number, limit: number): Awaitable<number>;
}
