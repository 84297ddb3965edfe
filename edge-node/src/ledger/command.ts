/** The ledger's vocabulary as the doors speak it. */
export type { Command } from '../rules/command.ts';
export type { Idempotency } from '../rules/command-context.ts';
export type { CarryOut, TakeBack, TakeUpEpoch } from '../rules/directive-command.ts';
export type { CountLine, MovementLine, PostCount, RecordMovements } from '../rules/movement-command.ts';
export type {
  LineProblem,
  OpenedException,
  Outcome,
  RecordedAnswer,
  RecordedMovement,
} from '../rules/outcome.ts';
export type { ApplyPolicy } from '../rules/policy-command.ts';
export type { Refusal, Shortage } from '../rules/refusal.ts';
export type { Reservation, ReservationState } from '../rules/reservation.ts';
export { reservationStates } from '../rules/reservation.ts';
export type { ReservationCommand } from '../rules/reservation-command.ts';
export { type RestoredKind, restoredHint } from '../rules/restored.ts';
export {
  leavingUnits,
  openUnits,
  type Task,
  type TaskState,
  type TaskStep,
  taskStates,
  taskSteps,
} from '../rules/task.ts';
export { type Missing, missings, type PickLine, type ShipLine, type TakeStep } from '../rules/task-command.ts';
export { isShipmentKnown, openUnitsOf, type Transfer, type TransferStage, transferStates } from '../rules/transfer.ts';
export type { TransferCommand } from '../rules/transfer-command.ts';
export type { Rejoined } from '../store/node-store.ts';
