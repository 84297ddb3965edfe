import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { WarehouseShare } from '../store/central-store.ts';

/** How many of a SKU may be promised, from where, and how old that knowledge is (P8). */
export type AvailabilityAnswer = {
  readonly sku: Sku;
  readonly available: number;
  /** Changes exactly when `available` does: good for an ETag and for resuming a stream. */
  readonly revision: number;
  /** Up to when every warehouse of the answer is known: the oldest of their times; `now` when nobody has the SKU. */
  readonly asOf: number;
  /** Warehouses of the answer that have been silent too long, by id. Their numbers are the last ones heard. */
  readonly stale: readonly WarehouseId[];
  readonly warehouses: readonly WarehouseAnswer[];
};

export type WarehouseAnswer = WarehouseShare & {
  /** Up to when this warehouse is known. */
  readonly asOf: number;
  /** `now - asOf`, never negative. */
  readonly lagMs: number;
  readonly isStale: boolean;
};
