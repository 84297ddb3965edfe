import { z } from 'zod';
import type { HttpContext, HttpDependencies } from '../dependencies.ts';
import type { Door } from '../door.ts';
import { linesOf, moment, reason, text } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { countLine, countLines } from '../lines.ts';
import { outcomeResponse } from '../outcome-response.ts';
import { versionExpected } from '../preconditions.ts';
import { readBody } from '../request-body.ts';

const count = z.strictObject({
  lines: linesOf(countLine),
  reason: reason.exactOptional(),
  document: text.exactOptional(),
  actor: text.exactOptional(),
  occurredAt: moment.exactOptional(),
});

/** `POST /v1/counts`: what was seen on the shelf. */
export function countDoors(deps: HttpDependencies): readonly Door[] {
  return [{ method: 'POST', path: '/v1/counts', route: 'counts', answer: (context) => record(context, deps) }];
}

async function record(context: HttpContext, deps: HttpDependencies): Promise<Response> {
  const { ledger, clock, limits } = deps;
  const body = await readBody(context, count, limits);
  const { lines: named, ...said } = body;
  const idempotency = keyedWrite(context, 'counts', body, deps);
  const lines = countLines(named, { view: ledger.view, clock, limits });
  const ifVersion = versionExpected(context.req.raw.headers.get('if-match'), lines, ledger.view);
  const outcome = await ledger.record({
    type: 'count',
    lines,
    ...said,
    ...(ifVersion === undefined ? {} : { ifVersion }),
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  return outcomeResponse(outcome, limits);
}
