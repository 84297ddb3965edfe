import type { SkuQuantity } from '@edgestock/shared/protocol/directive';

/**
 * Where a reservation stands. `held` is timed; `confirmed` is firm, without an end; the others have ended: the customer took
 * the units, somebody gave them up, or their time ran out.
 */
export const reservationStates = ['held', 'confirmed', 'fulfilled', 'released', 'expired'] as const;
export type ReservationState = (typeof reservationStates)[number];

/** A promise of this site to somebody: click and collect, a customer at the service desk. */
export type Reservation = {
  readonly id: string;
  /** Whom the units are kept for, in the words of whoever asked. */
  readonly owner: string;
  readonly note: string | undefined;
  readonly state: ReservationState;
  /** One line per SKU: what was asked for in several lines is summed. */
  readonly lines: readonly SkuQuantity[];
  /** Digest of the request that made it: the same id with another one is a mistake, not a retry (P9). */
  readonly fingerprint: string;
  readonly createdAt: number;
  /** When a held one ends, by the ledger's expiry clock, milliseconds since 1970 UTC. */
  readonly expiresAt: number;
  /** When it was fulfilled, released or expired; `undefined` while it is open. */
  readonly endedAt: number | undefined;
  /** The document of the sale that fulfilled it. */
  readonly receipt: string | undefined;
};

/** A held reservation whose time has run out is over, whether or not its release has been recorded yet. */
export function isOver(reservation: Pick<Reservation, 'state' | 'expiresAt'>, expiryTime: number): boolean {
  return reservation.state === 'held' && reservation.expiresAt <= expiryTime;
}

/** The state to tell and to decide on. */
export function stateAt(reservation: Pick<Reservation, 'state' | 'expiresAt'>, expiryTime: number): ReservationState {
  return isOver(reservation, expiryTime) ? 'expired' : reservation.state;
}

/** The units asked for per SKU, in order of first mention. Checked as sums: two lines of one unit need two units. */
export function demandOf(lines: readonly SkuQuantity[]): readonly SkuQuantity[] {
  const units = new Map<SkuQuantity['sku'], number>();
  for (const { sku, quantity } of lines) units.set(sku, (units.get(sku) ?? 0) + quantity);
  return [...units].map(([sku, quantity]) => ({ sku, quantity }));
}
