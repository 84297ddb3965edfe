import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Channel } from './channel.ts';
import type { Hold } from './reservation.ts';

/**
 * Where an order stands. `placed`: its units are held and payment is awaited. `firm`: paid (or needs no payment); its units are
 * allocated to warehouses, which pick and ship them, or wait as backorder. `done`: everything was shipped or given up, at least
 * something shipped. `cancelled`: nothing will be shipped any more, and nothing was.
 */
export type OrderState = 'placed' | 'firm' | 'done' | 'cancelled';

export type Order = {
  readonly id: string;
  readonly channel: Channel;
  /** Who ordered, as the shop names them. */
  readonly owner: string;
  readonly state: OrderState;
  readonly payment: 'awaited' | 'authorised' | 'failed' | 'timed-out' | 'not-needed';
  readonly placedAt: number;
  /** Until when payment must be authorised; judged by central's clock. */
  readonly paymentDueAt: number;
  /** How long payment had when it was placed; absent where none was awaited, and in stores of earlier builds. */
  readonly paymentTtlSeconds?: number;
  /**
   * What becomes of units that no warehouse can serve. `refuse`: nothing was missing when it was placed; units that go missing
   * later are cancelled, as with `cancel`.
   */
  readonly onShortage: 'refuse' | 'cancel' | 'backorder';
  /** A cancellation was asked for; what is already on its way out may still be shipped. */
  readonly isCancelling: boolean;
  readonly lines: readonly OrderLine[];
  readonly allocations: readonly Allocation[];
  /** Every step and why, oldest first. Only grows. */
  readonly history: readonly OrderStep[];
  /** Next moment at which the saga must look at this order by itself; absent = never. */
  readonly wakeAt?: number;
};

/** One line for each SKU. `ordered = cancelled + backordered + held + allocated and not given up`. */
export type OrderLine = {
  readonly sku: Sku;
  readonly ordered: number;
  readonly cancelled: number;
  readonly backordered: number;
  /** Set aside at central while payment is awaited. */
  readonly holds: readonly Hold[];
};

/** Units of an order made firm at one warehouse: one task there. */
export type Allocation = {
  /** Id of the task; the document under which the node's facts come back. */
  readonly task: string;
  readonly warehouse: WarehouseId;
  readonly at: number;
  readonly lines: readonly AllocationLine[];
};

/** `quantity = shipped + givenUp + still to be shipped`. */
export type AllocationLine = {
  readonly sku: Sku;
  readonly quantity: number;
  readonly shipped: number;
  /** Short picked, refused, or released: the node committed them no longer. */
  readonly givenUp: number;
  /** Asked back by a directive that the node has not answered yet. */
  readonly releasing: number;
};

export type OrderStep = { readonly at: number; readonly step: string; readonly why: string };

/** What the node still has to ship of a line of its task. */
export function openOf({ quantity, shipped, givenUp }: AllocationLine): number {
  return quantity - shipped - givenUp;
}

/** What can still be asked back: open, and not asked back already. */
export function withdrawableOf(line: AllocationLine): number {
  return openOf(line) - line.releasing;
}

/** Id of the n-th task of an order; n counts from 1. */
export function taskOf(order: string, n: number): string {
  return `${order}.${n}`;
}
