import { unreachable } from '@edgestock/shared/runtime/assert';
import { refuse } from '@edgestock/shared/runtime/problem';
import { z } from 'zod';
import type { StockException } from '../../ledger/view.ts';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { note, text } from '../fields.ts';
import { isoTime } from '../movement-json.ts';
import { problems } from '../problems.ts';
import { Query } from '../query.ts';
import { readBody } from '../request-body.ts';

const closing = z.strictObject({ actor: text, note });

/**
 * `GET /v1/exceptions`: facts that the books disagree with, oldest first, until they have been put right; with
 * `?state=resolved` those that were, and how. `POST /v1/exceptions/{id}/resolve`: a person has settled one.
 */
export function exceptionDoors(deps: HttpDependencies): readonly Door[] {
  return [
    { method: 'GET', path: '/v1/exceptions', route: 'exceptions', answer: (context) => list(context, deps) },
    {
      method: 'POST',
      path: '/v1/exceptions/:id/resolve',
      route: 'exceptions-resolve',
      answer: (context) => resolve(context, deps),
    },
  ];
}

function list(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const query = new Query(context, ['state', 'after', 'limit']);
  const limit = query.limit(limits);
  const after = query.sequence('after') ?? 0;
  const isResolved = query.oneOf('state', ['open', 'resolved']) === 'resolved';
  const rows = isResolved ? ledger.view.resolvedExceptions(after, limit) : ledger.view.openExceptions(after, limit);
  return Response.json({
    exceptions: rows.map(exceptionBody),
    ...(rows.length === limit ? { next: rows.at(-1)?.id } : {}),
  });
}

/** Needs no key: the exception's own id and the words of its closing tell a repetition from another request. */
async function resolve(context: HttpContext, { ledger, limits }: HttpDependencies): Promise<Response> {
  const named = context.req.param('id') ?? '';
  const id = /^\d{1,15}$/.test(named) ? Number(named) : 0;
  const body = await readBody(context, closing, limits);
  const answer = ledger.closeException({ id, ...body });
  switch (answer.outcome) {
    case 'unknown':
      return refuse(problems.unknownException, `There is no exception ${named} here.`, {
        hint: 'GET /v1/exceptions lists the open ones, with their ids.',
      });
    case 'closed':
      return Response.json(exceptionBody(answer.exception), {
        headers: answer.isFirst ? {} : { 'idempotency-replayed': 'true' },
      });
    case 'closed-otherwise':
      return refuse(problems.exceptionResolved, 'It was closed before, as shown; nothing was changed.', {
        exception: exceptionBody(answer.exception),
      });
    default:
      return unreachable(answer);
  }
}

function exceptionBody({ openedAt, resolution, sku, ...row }: StockException) {
  const { at, ...how } = resolution ?? { at: undefined };
  return {
    ...row,
    // A directive that could not be carried out concerns no SKU.
    ...(row.kind === 'directive-refused' ? {} : { sku }),
    openedAt: isoTime(openedAt),
    ...(at === undefined ? {} : { resolvedAt: isoTime(at), resolution: how }),
  };
}
