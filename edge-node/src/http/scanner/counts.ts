import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { Write, WriteRequest } from '@edgestock/shared/runtime/write-door';
import { z } from 'zod';
import type { HttpDependencies } from '../dependencies.ts';
import { linesOf, moment, reason, text } from '../fields.ts';
import { keyedWrite } from '../idempotency.ts';
import { countLine, countLines } from '../lines.ts';
import { outcomeAnswer } from '../outcome-response.ts';
import { versionExpected } from '../preconditions.ts';
import { bodyAs } from '../request-body.ts';

const count = z.strictObject({
  lines: linesOf(countLine),
  reason: reason.exactOptional(),
  document: text.exactOptional(),
  actor: text.exactOptional(),
  occurredAt: moment.exactOptional(),
});

/** `POST /v1/counts`: what was seen on the shelf. */
export function countWrite(deps: HttpDependencies): Write {
  return { path: '/v1/counts', route: 'counts', answer: (request) => record(request, deps) };
}

async function record(request: WriteRequest, deps: HttpDependencies): Promise<WholeAnswer> {
  const { ledger, clock, limits } = deps;
  const body = bodyAs(count, request.json, limits);
  const { lines: named, ...said } = body;
  const idempotency = keyedWrite(request, 'counts', body, deps);
  const lines = countLines(named, { view: ledger.view, clock, limits });
  const ifVersion = versionExpected(request.header('if-match'), lines, ledger.view);
  const outcome = await ledger.record({
    type: 'count',
    lines,
    ...said,
    ...(ifVersion === undefined ? {} : { ifVersion }),
    ...(idempotency === undefined ? {} : { idempotency }),
  });
  return outcomeAnswer(outcome, limits);
}
