import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { knownUpTo, staleFrom } from '../rules/freshness.ts';
import { notCountedBecause } from '../rules/unsettled.ts';
import type { Fleet } from './answer.ts';

/** How far central knows a warehouse, as an answer about its stock tells it. */
export type Freshness = {
  /** Up to when, in milliseconds since 1970 UTC; `undefined` = not at all yet. */
  readonly asOf: number | undefined;
  /** The same as JSON. */
  readonly asOfJson: string;
  /** From when on it counts as stale, unless something else is heard of it until then; 0 = already. */
  readonly staleFrom: number;
  /** Why nothing of it is promised for now; absent while it is counted. */
  readonly notCounted?: string;
};

/** Nothing is known. */
export const unknownFreshness: Freshness = { asOf: undefined, asOfJson: 'null', staleFrom: 0 };

export type FreshnessByWarehouse = ReadonlyMap<WarehouseId, Freshness>;

/** A view of the fleet serves thousands of answers; what they need of it is worked out for the first. */
const byFleet = new WeakMap<Fleet, FreshnessByWarehouse>();

/** What does not depend on the moment of answering. Silence needs no news to be noticed: it is a time to compare with. */
export function freshnessOf(fleet: Fleet): FreshnessByWarehouse {
  const known = byFleet.get(fleet);
  if (known !== undefined) return known;
  const freshness = new Map(
    [...fleet].map(([warehouse, record]): [WarehouseId, Freshness] => {
      const asOf = knownUpTo(record);
      const because = notCountedBecause(record);
      const notCounted = because === undefined ? {} : { notCounted: because };
      if (asOf === undefined) return [warehouse, { ...unknownFreshness, ...notCounted }];
      const asOfJson = `"${new Date(asOf).toISOString()}"`;
      return [warehouse, { asOf, asOfJson, staleFrom: staleFrom(record), ...notCounted }];
    }),
  );
  byFleet.set(fleet, freshness);
  return freshness;
}
