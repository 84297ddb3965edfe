import type { Clock } from '@edgestock/shared/runtime/clock';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import type { Log } from '@edgestock/shared/runtime/log';
import { isPlainJson, readPlainJson } from '@edgestock/shared/runtime/plain-json';
import { wholeAnswer, writeAnswer } from '@edgestock/shared/runtime/whole-answer';
import { failureResponse, type ObserveAnswer } from './doors.ts';
import { IDEMPOTENCY_KEY } from './idempotency.ts';
import { apiLimits } from './limits.ts';
import { RESERVATIONS_ROUTE, type Reserve } from './reservation-request.ts';

/**
 * Takes a reservation whose body is sent as plain JSON from the connection and answers to the connection. What it means, and what it is
 * refused with, is the same as behind the route: only the way there is shorter.
 */
export function reservationDoor(options: {
  readonly reserve: Reserve;
  readonly clock: Clock;
  readonly log: Log;
  readonly observe: ObserveAnswer;
}): FrontDoor {
  const { reserve, clock, log, observe } = options;
  return (request, response, otherwise) => {
    const { method, url, headers } = request;
    const isPlain =
      method === 'POST' && url === RESERVATIONS_ROUTE && isPlainJson(request, apiLimits.promiseBodyBytesMax);
    if (!isPlain) return otherwise();
    const startedMs = clock.monotonicMs();
    const observed = (status: number) => observe(RESERVATIONS_ROUTE, status, clock.monotonicMs() - startedMs);
    return readPlainJson(request)
      .then((json) => reserve(json, headers[IDEMPOTENCY_KEY]?.toString()))
      .then(
        (answer) => {
          writeAnswer(response, answer);
          observed(answer.status);
        },
        async (error: unknown) => {
          const told = await wholeAnswer(failureResponse(error, { method, path: RESERVATIONS_ROUTE }, log));
          writeAnswer(response, told);
          observed(told.status);
        },
      );
  };
}
