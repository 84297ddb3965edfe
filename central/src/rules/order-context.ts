import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Offer } from './sourcing.ts';

/** What a decision about an order must know besides the order. */
export type OrderContext = {
  /** Central's clock, milliseconds since 1970 UTC. */
  readonly now: number;
  /** What may be spent for a SKU, over the warehouses of the order's channel. Asked for only where it matters. */
  readonly offersOf: (sku: Sku) => readonly Offer[];
  /** Units of it that the channel keeps unsold. */
  readonly bufferOf: (sku: Sku) => number;
  /** Units of a SKU that may still be backordered in the channel. */
  readonly backorderRoomOf: (sku: Sku) => number;
  /**
   * False while central, restored from a backup, does not know what it has promised of the warehouse: what is held there stays
   * held, and nothing is made firm.
   */
  readonly isSettled: (warehouse: WarehouseId) => boolean;
  /** The units of a task that the warehouse has and no order: made by a central that this one does not remember. */
  readonly unknownTaskOf: (warehouse: WarehouseId, task: string) => readonly SkuQuantity[] | undefined;
  readonly terms: OrderTerms;
};

/** How long an order may take: with its payment, these are the deadlines that make every order end. */
export type OrderTerms = {
  /** From allocation to the parcel. What is later is served from elsewhere, where somebody else has it. */
  readonly shipWithinMs: number;
  /** From placing to the end: then what waits is cancelled, and what is not shipped is asked back. */
  readonly serveWithinMs: number;
};
