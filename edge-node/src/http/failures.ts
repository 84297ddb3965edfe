import { PROBLEM_CONTENT_TYPE, type Problem, ProblemError, problemOf } from '@edgestock/shared/runtime/problem';
import { LedgerUnavailable } from '../ledger/ledger.ts';
import type { HttpDependencies } from './dependencies.ts';
import { problems } from './problems.ts';

const RETRY_AFTER_SECONDS = 2;

/** A problem as a response. */
export function problemResponse(problem: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': PROBLEM_CONTENT_TYPE, ...headers },
  });
}

/** The answer to a request that threw. What went wrong inside is for the log, under an id that both sides can name. */
export function failureResponse(error: unknown, deps: Pick<HttpDependencies, 'log' | 'random'>): Response {
  if (error instanceof ProblemError) return problemResponse(error.problem, error.headers);
  const requestId = deps.random.uuid();
  if (error instanceof LedgerUnavailable) {
    deps.log.error({ requestId, err: error, hint: error.hint }, 'write refused by the stock database');
    const detail = 'The stock database refused the write and recorded nothing. Send the same request again.';
    return problemResponse(problemOf(problems.unavailable, detail, { hint: error.hint, requestId }), {
      'retry-after': String(RETRY_AFTER_SECONDS),
    });
  }
  deps.log.error(
    { requestId, err: error, hint: 'This is a defect of the node: report it with this line.' },
    'request failed',
  );
  return problemResponse(
    problemOf(problems.internal, 'The node could not answer. Its log tells why under this request id.', { requestId }),
  );
}
