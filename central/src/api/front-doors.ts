import type { Clock } from '@edgestock/shared/runtime/clock';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import type { Log } from '@edgestock/shared/runtime/log';
import { type Write, writeDoor } from '@edgestock/shared/runtime/write-door';
import type { AvailabilityAnswers } from './availability-answers.ts';
import { availabilityDoor } from './availability-door.ts';
import { failureResponse, type ObserveAnswer } from './doors.ts';
import { apiLimits } from './limits.ts';

/** The two questions that shops ask by the thousand have a way of their own to their answers; all else is left to the app. */
export function frontDoors(options: {
  readonly answers: Pick<AvailabilityAnswers, 'inMemory' | 'answer'>;
  readonly reserve: Write;
  readonly clock: Clock;
  readonly log: Log;
  readonly observe: ObserveAnswer;
}): FrontDoor {
  const reads = availabilityDoor(options);
  const reserves = writeDoor([options.reserve], {
    ...options,
    bodyBytesMax: apiLimits.promiseBodyBytesMax,
    failed: (error, { path }) => failureResponse(error, { method: 'POST', path }, options.log),
  });
  return (request, response, otherwise) =>
    request.method === 'POST' ? reserves(request, response, otherwise) : reads(request, response, otherwise);
}
