import { unreachable } from '@edgestock/shared/runtime/assert';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import type { Outcome, RecordedAnswer } from '../ledger/command.ts';
import { answerBody } from './movement-json.ts';
import { etagOf, stale } from './preconditions.ts';
import { problems, refuseItems } from './problems.ts';
import { refusedProblem } from './refused-problem.ts';

/** The one table from what a command came to, to what its sender gets. */
export function outcomeAnswer(outcome: Outcome, limits: { readonly problemsListedMax: number }): WholeAnswer {
  const { answer, isReplay } = recordedAnswer(outcome, limits);
  return created(answer, isReplay ? { 'idempotency-replayed': 'true' } : {});
}

/** What was recorded, now or by the same request before; refuses with what the command came to otherwise. */
export function recordedAnswer(
  outcome: Outcome,
  limits: { readonly problemsListedMax: number },
): { readonly answer: RecordedAnswer; readonly isReplay: boolean } {
  switch (outcome.outcome) {
    case 'recorded':
      return { answer: outcome.answer, isReplay: false };
    case 'duplicate':
      // The first answer again: a till that never saw it can go on as if it had.
      return { answer: outcome.first, isReplay: true };
    case 'key-reused':
      return refuse(
        problems.keyReused,
        'This key came before with another body. A retry repeats the request exactly; a new write needs a new key.',
        { key: outcome.key.replace('\n', '/') },
      );
    case 'stale':
      throw stale(outcome.sku, outcome.current);
    case 'refused':
      throw refusedProblem(outcome.refusal);
    case 'invalid':
      return refuseItems(outcome.problems, limits.problemsListedMax);
    default:
      return unreachable(outcome);
  }
}

function created(answer: RecordedAnswer, headers: Readonly<Record<string, string>>): WholeAnswer {
  const [first, ...others] = answer.movements;
  const isOnePosition = first !== undefined && others.every(({ sku }) => sku === first.sku);
  // The state after the whole command: what the next If-Match will name.
  const etag = isOnePosition ? { etag: etagOf((others.at(-1) ?? first).position) } : {};
  return {
    status: 201,
    headers: { 'content-type': 'application/json', ...etag, ...headers },
    text: JSON.stringify(answerBody(answer)),
  };
}
