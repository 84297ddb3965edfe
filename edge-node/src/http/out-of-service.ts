import { problemOf } from '@edgestock/shared/runtime/problem';
import { problemResponse } from './failures.ts';
import { problems } from './problems.ts';

const RETRY_AFTER_SECONDS = 2;

/** What a node answers while its database is not open: that it lives, and why it can neither tell nor record anything. */
export function outOfService(request: Request, why: { readonly reason: string; readonly hint: string }): Response {
  if (new URL(request.url).pathname === '/healthz') return Response.json({ status: 'alive' });
  const detail = `The stock database is not open: ${why.reason}. Nothing was recorded; send the same request again.`;
  return problemResponse(problemOf(problems.unavailable, detail, { hint: why.hint }), {
    'retry-after': String(RETRY_AFTER_SECONDS),
  });
}
