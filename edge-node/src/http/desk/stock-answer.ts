import type { Sku } from '@edgestock/shared/inventory/ids';
import { availableOf, type Position } from '@edgestock/shared/inventory/position';
import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import { etagOf } from '../preconditions.ts';

/** What `GET /v1/stock/{sku}` is answered with, whichever door it came to. */
export function stockAnswer(sku: Sku, position: Position): WholeAnswer {
  const headers = { 'content-type': 'application/json', etag: etagOf(position) };
  return { status: 200, headers, text: positionText(sku, position) };
}

/** The same members as `positionBody` after the SKU, as text: this is the hot read, and JSON.stringify costs it three times as much. */
function positionText(sku: Sku, position: Position): string {
  return `{"sku":${JSON.stringify(sku)},"onHand":${position.onHand},"unsellable":${position.unsellable},"reserved":${position.reserved},"committed":${position.committed},"quota":${position.quota},"safetyStock":${position.safetyStock},"available":${availableOf(position)},"version":${position.version},"sequence":${position.sequence}}`;
}
