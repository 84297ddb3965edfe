import { PROBLEM_CONTENT_TYPE, type Problem, ProblemError, problemOf } from '@edgestock/shared/runtime/problem';
import { LedgerUnavailable, sqliteCode } from '../ledger/ledger-unavailable.ts';
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
    // The ledger has told that writes are failing, once: a line for each refused sale would drown it.
    deps.log.debug({ requestId, err: error, hint: error.hint }, 'write refused by the stock database');
    return unavailable(error, requestId);
  }
  if (sqliteCode(error) === 'SQLITE_FULL') {
    // A write beside the ledger, such as the staging of an import.
    const refused = new LedgerUnavailable(error);
    deps.log.error({ requestId, err: refused, hint: refused.hint }, 'write refused by the stock database');
    return unavailable(refused, requestId);
  }
  deps.log.error(
    { requestId, err: error, hint: 'This is a defect of the node: report it with this line.' },
    'request failed',
  );
  return problemResponse(
    problemOf(problems.internal, 'The node could not answer. Its log tells why under this request id.', { requestId }),
  );
}

function unavailable({ hint, isDiskFull, isUncertain }: LedgerUnavailable, requestId: string): Response {
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  if (isUncertain) {
    const detail =
      'The disk failed while the write was being stored: it may have been recorded, or not. Send the same request again, under the same key or receipt: it is not recorded twice.';
    return problemResponse(problemOf(problems.outcomeUnknown, detail, { hint, requestId }), headers);
  }
  const detail = isDiskFull
    ? 'The disk of this node is full: the write was refused and nothing of it recorded. Reads go on. Send the same request again once there is space.'
    : 'The stock database refused the write and recorded nothing. Send the same request again.';
  const kind = isDiskFull ? problems.insufficientStorage : problems.unavailable;
  return problemResponse(problemOf(kind, detail, { hint, requestId }), headers);
}
