import { movementKindOf } from '@edgestock/shared/inventory/movement';
import type { LateFactRow } from '../../ledger/view.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { isoTime } from '../movement-json.ts';
import { Query } from '../query.ts';

/**
 * `GET /v1/late-facts`: what became of the movements of a life that had ended, which a person at central let count: recorded
 * here, or skipped and why.
 */
export function lateFactDoors(deps: HttpDependencies): readonly Door[] {
  return [{ method: 'GET', path: '/v1/late-facts', route: 'late-facts', answer: (context) => list(context, deps) }];
}

function list(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const query = new Query(context, ['late', 'after', 'limit']);
  const limit = query.limit(limits);
  const late = query.wholeNumber('late', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const rows = ledger.lateFacts.page({ late, after: query.sequence('after') ?? 0, limit });
  return Response.json({
    movements: rows.map(rowBody),
    ...(rows.length === limit ? { next: rows.at(-1)?.number } : {}),
  });
}

function rowBody({ number: _, kind, at, ...row }: LateFactRow) {
  return { ...row, kind: movementKindOf(kind) ?? `unknown-${kind}`, at: isoTime(at) };
}
