import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { PositionRecord } from '../central-store.ts';
import type { PlacedRow } from './placed-row.ts';

/** Of `position`. */
export const POSITION_COLUMNS = `sku, warehouse, on_hand, unsellable, reserved, committed, quota, safety_stock, version, sequence, at,
  suspect, granted, allocated, returned_seen, returned, allocated_sent, held, incoming`;

export type PositionRow = PlacedRow & {
  readonly sku: Sku;
  readonly warehouse: WarehouseId;
  readonly at: number;
  /** 0 and 1 where a database has no truth of its own. */
  readonly suspect: number | boolean;
  readonly returned: number;
  readonly allocated_sent: number;
  readonly held: number;
  readonly incoming: number;
};

export function positionRecordOf(row: PositionRow): PositionRecord {
  return {
    warehouse: row.warehouse,
    onHand: row.on_hand,
    unsellable: row.unsellable,
    reserved: row.reserved,
    committed: row.committed,
    quota: row.quota,
    safetyStock: row.safety_stock,
    granted: row.granted,
    allocated: row.allocated,
    returned: row.returned_seen,
    atCentral: { returned: row.returned, allocatedSent: row.allocated_sent, held: row.held },
    incoming: row.incoming,
    version: row.version,
    sequence: row.sequence,
    at: row.at,
    isSuspect: Boolean(row.suspect),
  };
}
