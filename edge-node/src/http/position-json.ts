import { availableOf, type Position } from '@edgestock/shared/inventory/position';
import type { StockEntry } from '../ledger/view.ts';

/** A position as every answer shows it. */
export function positionBody(position: Position) {
  const { onHand, unsellable, reserved, committed, quota, safetyStock, version, sequence } = position;
  const available = availableOf(position);
  return { onHand, unsellable, reserved, committed, quota, safetyStock, available, version, sequence };
}

/** A position with its item, as lists show it. */
export function entryBody({ item, position }: StockEntry) {
  return { sku: item.sku, name: item.name, listed: item.isListed, ...positionBody(position) };
}
