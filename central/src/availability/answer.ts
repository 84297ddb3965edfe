import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { isSilent, knownUpTo } from '../rules/freshness.ts';
import type { NodeRecord } from '../rules/node-record.ts';
import type { SkuAvailability, WarehouseShare } from '../store/central-store.ts';

/** How many of a SKU may be promised, from where, and how old that knowledge is (P8). */
export type AvailabilityAnswer = {
  readonly sku: Sku;
  readonly available: number;
  /** Rises with every change of the quantities below; good for an ETag and for resuming a stream. 0 = never seen. */
  readonly revision: number;
  /** Up to when every warehouse of the answer is known: the oldest of their times; `now` before any is enrolled. */
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

export type Fleet = ReadonlyMap<WarehouseId, NodeRecord>;

/**
 * Puts the age to the numbers. A SKU that nobody has is as old as the whole fleet: a warehouse that has been silent since
 * yesterday may well have received it today.
 */
export function answerOf(stock: SkuAvailability, fleet: Fleet, now: number): AvailabilityAnswer {
  const warehouses = stock.warehouses.map((share) => {
    const age = ageOf(fleet.get(share.warehouse), now);
    return { ...share, asOf: age.asOf, lagMs: Math.max(0, now - age.asOf), isStale: age.isStale };
  });
  const ages =
    warehouses.length > 0
      ? warehouses
      : [...fleet.values()].map((record) => ({ warehouse: record.warehouse, ...ageOf(record, now) }));
  return {
    sku: stock.sku,
    available: stock.available,
    revision: stock.revision,
    asOf: Math.min(now, ...ages.map(({ asOf }) => asOf)),
    stale: ages.filter(({ isStale }) => isStale).map(({ warehouse }) => warehouse),
    warehouses,
  };
}

function ageOf(record: NodeRecord | undefined, now: number): { asOf: number; isStale: boolean } {
  // A position without its node is not written by any store; of such a one nothing would be known.
  if (record === undefined) return { asOf: 0, isStale: true };
  return { asOf: knownUpTo(record), isStale: isSilent(record, now) };
}
