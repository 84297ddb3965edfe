import type { Clock } from '@edgestock/shared/runtime/clock';
import type { FrontDoor } from '@edgestock/shared/runtime/front-door';
import type { Log } from '@edgestock/shared/runtime/log';
import type { AvailabilityAnswers } from './availability-answers.ts';
import { availabilityDoor } from './availability-door.ts';
import type { ObserveAnswer } from './doors.ts';
import { reservationDoor } from './reservation-door.ts';
import type { Reserve } from './reservation-request.ts';

/** The two questions that shops ask by the thousand have a way of their own to their answers; all else is left to the app. */
export function frontDoors(options: {
  readonly answers: AvailabilityAnswers;
  readonly reserve: Reserve;
  readonly clock: Clock;
  readonly log: Log;
  readonly observe: ObserveAnswer;
}): FrontDoor {
  const [reads, reserves] = [availabilityDoor(options), reservationDoor(options)];
  return (request, response, otherwise) =>
    request.method === 'POST' ? reserves(request, response, otherwise) : reads(request, response, otherwise);
}
