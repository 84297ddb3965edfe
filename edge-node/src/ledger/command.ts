/** The ledger's vocabulary as the doors speak it. */
export type {
  Command,
  CountLine,
  ExceptionKind,
  Idempotency,
  LineProblem,
  MovementLine,
  OpenedException,
  Outcome,
  PostCount,
  RecordedAnswer,
  RecordedMovement,
  RecordMovements,
} from '../rules/command.ts';
export type { Refusal, Shortage } from '../rules/refusal.ts';
export type { Reservation, ReservationState } from '../rules/reservation.ts';
export { reservationStates } from '../rules/reservation.ts';
export type { ReservationCommand } from '../rules/reservation-command.ts';
