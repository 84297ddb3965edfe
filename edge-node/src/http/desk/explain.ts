import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { movementBody } from '../movement-json.ts';
import { positionBody } from '../position-json.ts';
import { Query, skuIn } from '../query.ts';
import { unknown } from './stock.ts';

/** `GET /v1/stock/{sku}/explain`: why the number is what it is (P7), now or after any place of the log. */
export function explainDoors(deps: HttpDependencies): readonly Door[] {
  return [
    { method: 'GET', path: '/v1/stock/:sku/explain', route: 'explain', answer: (context) => explain(context, deps) },
  ];
}

function explain(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const sku = skuIn(context.req.param('sku') ?? '', 'sku');
  const query = new Query(context, ['atSequence', 'before', 'limit']);
  const atSequence = query.sequence('atSequence');
  const before = query.sequence('before');
  const explanation = ledger.view.explain(sku, {
    ...(atSequence === undefined ? {} : { atSequence }),
    ...(before === undefined ? {} : { before }),
    limit: query.limit(limits),
  });
  if (explanation === undefined) return unknown(sku);
  const { item, position, openingOnHand, movements, nextBefore } = explanation;
  return Response.json({
    sku,
    name: item.name,
    listed: item.isListed,
    warehouse: ledger.view.log().warehouse,
    atSequence: explanation.atSequence,
    position: positionBody(position),
    available: 'onHand - unsellable - reserved - committed - quota - safetyStock',
    /** Where the units are is known for now only. */
    ...(atSequence === undefined ? { balances: ledger.view.detail(sku)?.balances } : {}),
    /** What the quota is made of: units ever granted to central, ever allocated by it, ever given back. */
    quota: { granted: position.granted, allocated: position.allocated, returned: position.returned },
    /** Which tasks have committed units now. */
    ...(atSequence === undefined ? { tasks: ledger.tasks.ofSku(sku, limits.pageRowsDefault) } : {}),
    openingOnHand,
    movements: movements.map(movementBody),
    nextBefore,
  });
}
