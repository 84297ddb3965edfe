import type { Sku } from '@edgestock/shared/inventory/ids';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { isoTime, movementBody } from '../movement-json.ts';
import { positionBody } from '../position-json.ts';
import { Query, skuIn } from '../query.ts';
import { unknown } from './stock.ts';

/** `GET /v1/stock/{sku}/explain`: why the number is what it is (P7), now or after any place of the log. */
export function explainDoors(deps: HttpDependencies): readonly Door[] {
  return [
    { method: 'GET', path: '/v1/stock/:sku/explain', route: 'explain', answer: (context) => explain(context, deps) },
  ];
}

function explain(context: HttpContext, deps: HttpDependencies): Response {
  const { ledger, limits } = deps;
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
    /** And so are the promises behind reserved and committed. */
    ...(atSequence === undefined ? { reservations: reservationsBehind(sku, deps) } : {}),
    /** What the quota is made of: units ever granted to central, ever allocated by it, ever given back. */
    quota: { granted: position.granted, allocated: position.allocated, returned: position.returned },
    /** Which tasks have committed units now. */
    ...(atSequence === undefined ? { tasks: ledger.tasks.ofSku(sku, limits.pageRowsDefault) } : {}),
    /** Which transfers have committed units now, and what is under way: part of no number here until it arrives. */
    ...(atSequence === undefined ? { transfers: ledger.transfers.ofSku(sku, limits.pageRowsDefault) } : {}),
    openingOnHand,
    movements: movements.map(movementBody),
    nextBefore,
  });
}

/** A held one that is over is named until its release is recorded: it is part of the number. */
function reservationsBehind(sku: Sku, { ledger, limits }: HttpDependencies) {
  return ledger.view.openReservationsOf(sku, limits.pageRowsMax).map(({ id, owner, state, units, expiresAt }) => ({
    id,
    owner,
    state,
    units,
    ...(state === 'held' ? { expiresAt: isoTime(expiresAt) } : {}),
  }));
}
