import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Channel } from './channel.ts';

/**
 * A timed promise of central. `held` until it is confirmed (it has become an order), released, or expired by central's clock.
 * Expiry is judged wherever a reservation is read or used, not only by the sweeper that gives its units back.
 */
export type ReservationState = 'held' | 'confirmed' | 'released' | 'expired';

export type Reservation = {
  /** Chosen by who reserves, or made by central. */
  readonly id: string;
  readonly channel: Channel;
  /** Who it is for: a cart, a customer, a session. */
  readonly owner: string;
  readonly state: ReservationState;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** When it left `held`, and why. */
  readonly ended?: { readonly at: number; readonly reason: string };
  readonly lines: readonly ReservationLine[];
};

/** One line for each SKU: demand is summed before it is checked. */
export type ReservationLine = {
  readonly sku: Sku;
  readonly requested: number;
  /** What is set aside, and where; adds up to `requested` less what could not be had of a partial reservation. */
  readonly holds: readonly Hold[];
};

export type Hold = { readonly warehouse: WarehouseId; readonly quantity: number };

/** What could not be promised, and how many could. */
export type Shortage = {
  readonly sku: Sku;
  readonly requested: number;
  readonly available: number;
  /** Of an order that would wait for new units: how many more units may. */
  readonly mayWait?: number;
};

export function heldOf(line: ReservationLine): number {
  return line.holds.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** The state as of now: one whose time is over is expired, whether or not anybody has swept it up. */
export function stateAt(reservation: Pick<Reservation, 'state' | 'expiresAt'>, now: number): ReservationState {
  return reservation.state === 'held' && now >= reservation.expiresAt ? 'expired' : reservation.state;
}
