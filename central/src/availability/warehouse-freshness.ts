import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { knownUpTo, silentFrom } from '../rules/freshness.ts';
import type { Fleet } from './answer.ts';

/** How far central knows a warehouse, as an answer about its stock tells it. */
export type Freshness = {
  /** Up to when, in milliseconds since 1970 UTC, and the same as ISO text. */
  readonly asOf: number;
  readonly asOfText: string;
  /** From when on it counts as silent, unless something is heard of it until then. */
  readonly silentFrom: number;
};

export type FreshnessByWarehouse = ReadonlyMap<WarehouseId, Freshness>;

/** A view of the fleet serves thousands of answers; what they need of it is worked out for the first. */
const byFleet = new WeakMap<Fleet, FreshnessByWarehouse>();

/** What does not depend on the moment of answering. Silence needs no news to be noticed: it is a time to compare with. */
export function freshnessOf(fleet: Fleet): FreshnessByWarehouse {
  const known = byFleet.get(fleet);
  if (known !== undefined) return known;
  const freshness = new Map(
    [...fleet].map(([warehouse, record]) => {
      const asOf = knownUpTo(record);
      return [warehouse, { asOf, asOfText: new Date(asOf).toISOString(), silentFrom: silentFrom(record) }];
    }),
  );
  byFleet.set(fleet, freshness);
  return freshness;
}
