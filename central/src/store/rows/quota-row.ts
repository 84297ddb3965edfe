import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { deficitOf, emptyQuantities } from '@edgestock/shared/inventory/position';
import { isSilent } from '../../rules/freshness.ts';
import type { Offer } from '../../rules/sourcing.ts';
import type { KnownQuota } from '../tables/quota-table.ts';

/** Units of a position that central may still promise. */
export const UNSPENT = 'granted - returned - allocated_sent - held';

/** Of `position`, as a `KnownRow`. */
export const KNOWN_COLUMNS = `sku, on_hand, unsellable, reserved, committed, quota, granted - returned - allocated AS outstanding,
  ${UNSPENT} AS unspent, held`;

export type KnownRow = {
  readonly sku: Sku;
  readonly on_hand: number;
  readonly unsellable: number;
  readonly reserved: number;
  readonly committed: number;
  readonly quota: number;
  readonly outstanding: number;
  readonly unspent: number;
  readonly held: number;
};

export function knownQuotaOf({
  sku,
  on_hand: onHand,
  outstanding,
  unspent,
  held,
  ...quantities
}: KnownRow): KnownQuota {
  return { sku, position: { ...emptyQuantities, onHand, ...quantities }, outstanding, unspent, held };
}

/** Of `position`, as a `DeficitRow`. */
export const DEFICIT_COLUMNS = 'on_hand, unsellable, reserved, committed, quota, returned_seen, returned';

export type DeficitRow = {
  readonly on_hand: number;
  readonly unsellable: number;
  readonly reserved: number;
  readonly committed: number;
  readonly quota: number;
  readonly returned_seen: number;
  readonly returned: number;
};

/** Units that are missing even when the node has heard of all that was given back to it. */
export function deficitOfRow(row: DeficitRow | undefined): number {
  if (row === undefined) return 0;
  const { on_hand: onHand, returned, returned_seen: returnedSeen, ...quantities } = row;
  return Math.max(0, deficitOf({ ...emptyQuantities, onHand, ...quantities }) - Math.max(0, returned - returnedSeen));
}

export type OfferRow = {
  readonly warehouse: WarehouseId;
  readonly unspent: number;
  readonly priority: number;
  readonly enrolled_at: number;
  readonly heard_at: number | null;
  /** 0 and 1 where a database has no truth of its own. */
  readonly is_fenced: number | boolean;
};

export function offerOf(sku: Sku, row: OfferRow, now: number): Offer {
  const heard = row.heard_at === null ? {} : { heard: { at: row.heard_at } };
  return {
    warehouse: row.warehouse,
    sku,
    unspent: row.unspent,
    priority: row.priority,
    isSilent: Boolean(row.is_fenced) || isSilent({ enrolledAt: row.enrolled_at, ...heard }, now),
  };
}
