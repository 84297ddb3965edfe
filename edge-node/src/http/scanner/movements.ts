import { type StatedKind, statedKinds } from '@edgestock/shared/inventory/movement';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { Write, WriteRequest } from '@edgestock/shared/runtime/write-door';
import { z } from 'zod';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { linesOf, moment, oneOf, reason, text } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { movementLine, movementLines } from '../lines.ts';
import { readableFrom } from '../log-place.ts';
import { movementBody } from '../movement-json.ts';
import { outcomeAnswer } from '../outcome-response.ts';
import { versionExpected } from '../preconditions.ts';
import { problems } from '../problems.ts';
import { Query } from '../query.ts';
import { bodyAs } from '../request-body.ts';

const movements = z.strictObject({
  kind: oneOf<readonly (StatedKind | 'count')[]>('kind-unknown', [...statedKinds, 'count']),
  lines: linesOf(movementLine),
  reason: reason.exactOptional(),
  document: text.exactOptional(),
  actor: text.exactOptional(),
  occurredAt: moment.exactOptional(),
});

const path = '/v1/movements';

/** `POST /v1/movements`: goods that came, went or were moved. */
export function movementWrite(deps: HttpDependencies): Write {
  return { path, route: 'movements', answer: (request) => record(request, deps) };
}

/** `GET /v1/movements`: the log. */
export function logDoors(deps: HttpDependencies): readonly Door[] {
  return [{ method: 'GET', path, route: 'log', answer: (context) => log(context, deps) }];
}

async function record(request: WriteRequest, deps: HttpDependencies): Promise<WholeAnswer> {
  const { ledger, clock, limits } = deps;
  const body = bodyAs(movements, request.json, limits);
  const { kind, lines: named, ...said } = body;
  if (kind === 'count') {
    refuse(problems.countsElsewhere, 'Send what was counted to POST /v1/counts; the node works out the difference.');
  }
  const idempotency = keyedWrite(request, 'movements', body, deps);
  const lines = movementLines(named, { view: ledger.view, clock, limits, kind });
  const ifVersion = versionExpected(request.header('if-match'), lines, ledger.view);
  const outcome = await ledger.record({
    type: 'record',
    kind,
    lines,
    ...said,
    ...(ifVersion === undefined ? {} : { ifVersion }),
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  return outcomeAnswer(outcome, limits);
}

/** A page of the log, oldest first. Without `after` it begins where the log does; `next` is the `after` of the next page. */
function log(context: HttpContext, { ledger, limits }: HttpDependencies): Response {
  const query = new Query(context, ['after', 'limit']);
  const limit = query.limit(limits);
  const { firstSequence, sequence } = ledger.view.log();
  const after = readableFrom(query.sequence('after'), { firstSequence, sequence }) ?? firstSequence - 1;
  const rows = ledger.view.movementsAfter(after, limit);
  const last = rows.at(-1)?.sequence ?? after;
  return Response.json({
    movements: rows.map(movementBody),
    firstSequence,
    sequence,
    ...(last < sequence ? { next: last } : {}),
  });
}
