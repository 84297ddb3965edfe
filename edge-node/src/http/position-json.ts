import type { Sku } from '@edgestock/shared/inventory/ids';
import { availableOf, type Position } from '@edgestock/shared/inventory/position';
import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { StockEntry } from '../ledger/view.ts';
import { etagOf } from './preconditions.ts';

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

/** What `GET /v1/stock/{sku}` is answered with, whichever door it came to. */
export function stockAnswer(sku: Sku, position: Position): WholeAnswer {
  const headers = { 'content-type': 'application/json', etag: etagOf(position) };
  return { status: 200, headers, text: positionText(sku, position) };
}

/** The same members as `positionBody` after the SKU, as text: this is the hot read, and JSON.stringify costs it three times as much. */
function positionText(sku: Sku, position: Position): string {
  return `{"sku":${JSON.stringify(sku)},"onHand":${position.onHand},"unsellable":${position.unsellable},"reserved":${position.reserved},"committed":${position.committed},"quota":${position.quota},"safetyStock":${position.safetyStock},"available":${availableOf(position)},"version":${position.version},"sequence":${position.sequence}}`;
}
