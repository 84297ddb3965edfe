import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { knownUpTo, staleFrom } from '../rules/freshness.ts';
import type { NodeRecord } from '../rules/node-record.ts';
import { notCountedBecause } from '../rules/unsettled.ts';
import type { SkuAvailability, WarehouseShare } from '../store/central-store.ts';

/** How many of a SKU may be promised, from where, and how old that knowledge is (P8). */
export type AvailabilityAnswer = {
  readonly sku: Sku;
  readonly available: number;
  /** Rises with every change of the quantities below; good for an ETag and for resuming a stream. 0 = never seen. */
  readonly revision: number;
  /**
   * Up to when every warehouse of the answer is known: the oldest of their times; `undefined` when nothing is known of one of
   * them yet, or none is enrolled. Nobody can say how old the answer is then.
   */
  readonly asOf: number | undefined;
  /**
   * Warehouses of the answer that have been silent too long, are not known yet, or have stopped sending by their own
   * judgement, by id. Their numbers are the last heard.
   */
  readonly stale: readonly WarehouseId[];
  /** Warehouses of the answer of which nothing is promised for now (central was restored from a backup), by id. */
  readonly notCounted: readonly WarehouseId[];
  readonly warehouses: readonly WarehouseAnswer[];
};

export type WarehouseAnswer = WarehouseShare & {
  /** Up to when this warehouse is known; `undefined` = not at all yet. */
  readonly asOf: number | undefined;
  /** `now - asOf`, never negative; `undefined` with it. */
  readonly lagMs: number | undefined;
  readonly isStale: boolean;
  /** Why it adds nothing; absent while it is counted. */
  readonly notCounted?: string;
};

export type Fleet = ReadonlyMap<WarehouseId, NodeRecord>;

/**
 * Puts the age to the numbers. A SKU that nobody has is as old as the whole fleet: a warehouse that has been silent since
 * yesterday may well have received it today.
 */
export function answerOf(stock: SkuAvailability, fleet: Fleet, now: number): AvailabilityAnswer {
  const warehouses = stock.warehouses.map((share) => {
    const age = ageOf(fleet.get(share.warehouse), now);
    return { ...share, ...age, lagMs: age.asOf && Math.max(0, now - age.asOf) };
  });
  const ages =
    warehouses.length > 0
      ? warehouses
      : [...fleet.values()].map((record) => ({ warehouse: record.warehouse, ...ageOf(record, now) }));
  return {
    sku: stock.sku,
    available: stock.available,
    revision: stock.revision,
    asOf: oldestOf(ages, now),
    stale: ages.filter(({ isStale }) => isStale).map(({ warehouse }) => warehouse),
    notCounted: ages.filter(({ notCounted }) => notCounted !== undefined).map(({ warehouse }) => warehouse),
    warehouses,
  };
}

function oldestOf(ages: readonly { readonly asOf: number | undefined }[], now: number): number | undefined {
  const known = ages.flatMap(({ asOf }) => (asOf === undefined ? [] : [asOf]));
  return ages.length === 0 || known.length < ages.length ? undefined : Math.min(now, ...known);
}

function ageOf(record: NodeRecord | undefined, now: number): Pick<WarehouseAnswer, 'asOf' | 'isStale' | 'notCounted'> {
  // A position without its node is not written by any store; of such a one nothing would be known.
  if (record === undefined) return { asOf: undefined, isStale: true };
  const notCounted = notCountedBecause(record);
  return {
    asOf: knownUpTo(record),
    isStale: now >= staleFrom(record),
    ...(notCounted === undefined ? {} : { notCounted }),
  };
}
