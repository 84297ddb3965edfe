import type { PlacedPosition } from '@edgestock/shared/inventory/counted-positions';

/** The columns of a position that its node also has. */
export const PLACED_COLUMNS = `on_hand, unsellable, reserved, committed, quota, safety_stock, granted, allocated, returned_seen,
  version, sequence`;

export type PlacedRow = {
  readonly on_hand: number;
  readonly unsellable: number;
  readonly reserved: number;
  readonly committed: number;
  readonly quota: number;
  readonly safety_stock: number;
  readonly granted: number;
  readonly allocated: number;
  readonly returned_seen: number;
  readonly version: number;
  readonly sequence: number;
};

export function placedOf(row: PlacedRow): PlacedPosition {
  return {
    onHand: row.on_hand,
    unsellable: row.unsellable,
    reserved: row.reserved,
    committed: row.committed,
    quota: row.quota,
    safetyStock: row.safety_stock,
    granted: row.granted,
    allocated: row.allocated,
    returned: row.returned_seen,
    version: row.version,
    sequence: row.sequence,
  };
}
