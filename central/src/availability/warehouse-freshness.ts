import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { knownUpTo, staleFrom } from '../rules/freshness.ts';
import { notCountedBecause } from '../rules/unsettled.ts';
import type { Fleet } from './answer.ts';

/** How far central knows a warehouse, as an answer about its stock tells it. */
export class Freshness {
  /** Up to when, in milliseconds since 1970 UTC; `undefined` = not at all yet. */
  readonly asOf: number | undefined;
  /** The same as JSON. */
  readonly asOfJson: string;
  /** From when on it counts as stale, unless something else is heard of it until then; 0 = already. */
  readonly staleFrom: number;
  /** Why nothing of it is promised for now; absent while it is counted. */
  readonly notCounted: string | undefined;
  #members = '';
  #membersAt = Number.NaN;

  constructor(known: { readonly asOf?: number; readonly staleFrom: number; readonly notCounted?: string }) {
    this.asOf = known.asOf;
    this.asOfJson = known.asOf === undefined ? 'null' : `"${new Date(known.asOf).toISOString()}"`;
    this.staleFrom = known.staleFrom;
    this.notCounted = known.notCounted;
  }

  /**
   * The last members of the warehouse's JSON at `now`. Told by every answer of that millisecond, put together for the first; joined, not
   * by `+`, whose pieces V8 would put together again for each of them.
   */
  membersAt(now: number): string {
    if (now !== this.#membersAt) {
      // A node's clock has part in `asOf`: no answer is from the future.
      const lagMs = this.asOf === undefined ? null : Math.max(0, now - this.asOf);
      const notCounted = this.notCounted === undefined ? '' : `,"notCounted":${JSON.stringify(this.notCounted)}`;
      this.#members = [',"asOf":', this.asOfJson, ',"lagMs":', lagMs ?? 'null', notCounted, '}'].join('');
      this.#membersAt = now;
    }
    return this.#members;
  }
}

/** Nothing is known. */
export const unknownFreshness: Freshness = new Freshness({ staleFrom: 0 });

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
      const notCounted = notCountedBecause(record);
      return [
        warehouse,
        new Freshness({
          staleFrom: staleFrom(record),
          ...(asOf === undefined ? {} : { asOf }),
          ...(notCounted === undefined ? {} : { notCounted }),
        }),
      ];
    }),
  );
  byFleet.set(fleet, freshness);
  return freshness;
}
