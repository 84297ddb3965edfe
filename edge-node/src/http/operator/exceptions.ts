import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { isoTime } from '../movement-json.ts';
import { Query } from '../query.ts';

/** `GET /v1/exceptions`: facts that the books disagree with, oldest first, until somebody has put them right. */
export function exceptionDoors(deps: HttpDependencies): readonly Door[] {
  return [{ method: 'GET', path: '/v1/exceptions', route: 'exceptions', answer: (context) => list(context, deps) }];
}

function list(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const query = new Query(context, ['after', 'limit']);
  const limit = query.limit(limits);
  const rows = ledger.view.openExceptions(query.sequence('after') ?? 0, limit);
  return Response.json({
    // A refused directive concerns no SKU.
    exceptions: rows.map(({ openedAt, sku, ...row }) => ({
      ...row,
      ...(row.kind === 'directive-refused' ? {} : { sku }),
      openedAt: isoTime(openedAt),
    })),
    ...(rows.length === limit ? { next: rows.at(-1)?.id } : {}),
  });
}
