import { unreachable } from '@edgestock/shared/runtime/assert';
import { refuse } from '@edgestock/shared/runtime/problem';
import type { WholeAnswer } from '@edgestock/shared/runtime/whole-answer';
import { centralLimits } from '../limits.ts';
import { PromiseUnavailable } from '../orders/promise-writer.ts';
import { shortageText, type Unpromised } from '../orders/promises.ts';
import { JSON_HEADERS, jsonResponse } from './doors.ts';
import { problems } from './problems.ts';

const REPLAYED = { 'idempotency-replayed': 'true' } as const;

/** A promise that was made, now or at the first of several attempts: the answer is the same, and marked when it is not new. */
export function madeAnswer(
  body: object,
  { location, isReplay }: { readonly location: string; readonly isReplay: boolean },
): WholeAnswer {
  return {
    status: 201,
    headers: { ...JSON_HEADERS, location, ...(isReplay ? REPLAYED : {}) },
    text: JSON.stringify(body),
  };
}

/** What a promise has become. */
export function changeResponse(body: object, isReplay: boolean): Response {
  return jsonResponse(JSON.stringify(body), isReplay ? REPLAYED : {});
}

/** Carries a write out; tells one that cannot be done now as a problem that is worth another try. */
export async function writing<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof PromiseUnavailable)) throw error;
    const retryAfter = String(Math.ceil(centralLimits.promiseRetryAfterMs / 1_000));
    return refuse(
      problems.unavailable,
      `Nothing could be promised now: ${error.message}.`,
      { reason: error.failure, hint: error.hint, retryable: true },
      { 'retry-after': retryAfter },
    );
  }
}

/** Tells why nothing was promised; nothing has changed. */
export function refuseUnpromised(
  outcome: Unpromised,
  subject: 'reservation' | 'order' | 'task' = 'reservation',
): never {
  switch (outcome.outcome) {
    case 'key-reused':
      return refuse(
        problems.keyReused,
        `${JSON.stringify(outcome.key)} was used for another request. Give each new request a key, or an id, of its own.`,
      );
    case 'unknown':
      return refuse(unknownProblems[outcome.what], `There is no ${outcome.what} ${outcome.id}.`);
    case 'id-taken':
      return refuse(problems.idTaken, takenText(outcome));
    case 'too-late':
      return refuse(stateProblems[subject], `The ${subject} is ${outcome.state}: ${outcome.why}.`, {
        state: outcome.state,
      });
    case 'insufficient':
      return refuse(problems.insufficient, `Not available: ${shortageText(outcome.shortages)}.`, {
        shortages: outcome.shortages,
      });
    default:
      return unreachable(outcome);
  }
}

function takenText({ by, id }: Extract<Unpromised, { outcome: 'id-taken' }>): string {
  switch (by) {
    case 'reservation':
      return `A reservation has the id ${id} and holds its units: confirm it to make it an order, or choose another id.`;
    case 'order':
      return `An order has the id ${id}, and a reservation becomes an order of its own id: choose another id, and release what is held under this one.`;
    default:
      return unreachable(by);
  }
}

const stateProblems = {
  reservation: problems.reservationState,
  order: problems.orderState,
  task: problems.taskState,
} as const;

const unknownProblems = {
  task: problems.unknownTask,
  reservation: problems.unknownReservation,
  order: problems.unknownOrder,
  channel: problems.unknownChannel,
  warehouse: problems.unknownWarehouse,
  'late-fact': problems.unknownLateFact,
} as const;
