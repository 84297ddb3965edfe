import type { CarryOut, CarryOutKept, TakeBack, TakeUpEpoch } from './directive-command.ts';
import type { PostCount, RecordMovements } from './movement-command.ts';
import type { ApplyPolicy } from './policy-command.ts';
import type { ReservationCommand } from './reservation-command.ts';
import type { Retell } from './retell.ts';
import type { TakeStep } from './task-command.ts';
import type { TransferCommand } from './transfer-command.ts';

/** Everything that can change stock. All lines of a command hold together or not at all. */
export type Command =
  | RecordMovements
  | PostCount
  | CarryOut
  | CarryOutKept
  | TakeBack
  | TakeUpEpoch
  | ApplyPolicy
  | TakeStep
  | Retell
  | ReservationCommand
  | TransferCommand;
