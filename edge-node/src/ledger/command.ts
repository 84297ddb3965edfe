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
export type { ExceptionResolution } from '../rules/exception-resolution.ts';
export type { Refusal, Shortage } from '../rules/refusal.ts';
