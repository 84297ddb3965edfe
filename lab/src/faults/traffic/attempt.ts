import { systemClock } from '@edgestock/shared/runtime/clock';
import { type JsonAnswer, type JsonRequest, requestJson } from '../../api/json-request.ts';
import type { Ending, History, Operation } from './history.ts';

const TIMEOUT_MS = 2_500;
/** Told before anything was recorded: overloaded, or a disk that takes no write. */
const NOT_NOW = new Set([429, 503, 507]);

/** Sends an operation once, and notes in the history what came of it. True when it is worth sending again. */
export async function attempt(
  history: History,
  operation: Operation,
  { url, request }: { readonly url: string; readonly request: JsonRequest },
): Promise<{ readonly ending: Ending; readonly isWorthAnother: boolean }> {
  history.invoke(operation, systemClock.monotonicMs());
  const answer = await requestJson(url, { timeoutMs: TIMEOUT_MS, ...request }).catch((error: unknown) => error);
  const ending = endingOf(answer);
  history.end(operation, ending, systemClock.monotonicMs());
  const isWorthAnother = ending === 'unknown' || (isAnswer(answer) ? NOT_NOW.has(answer.status) : true);
  return { ending, isWorthAnother };
}

function endingOf(answer: unknown): Ending {
  if (!isAnswer(answer)) return isUnsent(answer) ? 'refused' : 'unknown';
  if (answer.status === 200 || answer.status === 201) return 'ok';
  const { code } = (answer.body ?? {}) as { readonly code?: string };
  // A defect's answer says nothing about what was recorded; neither does one that says so itself.
  return answer.status === 500 || code === 'outcome-unknown' ? 'unknown' : 'refused';
}

function isAnswer(answer: unknown): answer is JsonAnswer {
  return typeof answer === 'object' && answer !== null && 'status' in answer;
}

/** Nobody listened: it was not sent at all. */
function isUnsent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
