import { refuse } from '@edgestock/shared/runtime/problem';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { positionBody } from '../position-json.ts';
import { etagOf } from '../preconditions.ts';
import { problems } from '../problems.ts';
import { Query } from '../query.ts';
import { scannedItem } from '../scanned-item.ts';

/** `GET /v1/scan/{barcode}`: what this is, what its label says, how many there are and where they lie. */
export function scanDoors(deps: HttpDependencies): readonly Door[] {
  return [{ method: 'GET', path: '/v1/scan/:barcode', route: 'scan', answer: (context) => scan(context, deps) }];
}

function scan(context: HttpContext, deps: HttpDependencies): Response {
  const { ledger, clock } = deps;
  new Query(context, []);
  const item = scannedItem(context.req.param('barcode') ?? '', { view: ledger.view, clock });
  if (item.outcome === 'unreadable') {
    return refuse(problems.barcodeUnreadable, `The barcode cannot be read: ${item.message}.`, { hint: item.hint });
  }
  const { candidates, outcome: _, ...label } = item.reading;
  const detail = ledger.view.detail(item.sku);
  if (item.outcome === 'unlisted' || detail === undefined) {
    return refuse(problems.unknownBarcode, 'The code can be read, and no item here has it.', {
      candidates,
      label,
      hint: `Import it with the catalogue. A sale or a receipt of it is recorded all the same, under the SKU ${item.sku}.`,
    });
  }
  const body = {
    sku: item.sku,
    name: detail.item.name,
    listed: detail.item.isListed,
    barcode: item.barcode,
    multiple: item.multiple,
    label,
    position: positionBody(detail.position),
    balances: detail.balances,
  };
  return Response.json(body, { headers: { etag: etagOf(detail.position) } });
}
