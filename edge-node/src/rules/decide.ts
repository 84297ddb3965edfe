import { unreachable } from '@edgestock/shared/runtime/assert';
import { applyPolicy } from './apply-policy.ts';
import { carryOut, carryOutKept } from './carry-out.ts';
import { changeReservation } from './change-reservation.ts';
import type { Command } from './command.ts';
import { fulfilReservation } from './fulfil-reservation.ts';
import { cancelTransfer, planTransfer } from './plan-transfer.ts';
import { postCount } from './post-count.ts';
import { closeTransfer, receiveTransfer } from './receive-transfer.ts';
import { recordMovements } from './record-movements.ts';
import { reserve } from './reserve.ts';
import { retell } from './retell.ts';
import { shipTransfer } from './ship-transfer.ts';
import type { Decision, SiteState } from './site-state.ts';
import { takeBack } from './take-back.ts';
import { takeStep } from './take-step.ts';
import { takeUpEpoch } from './take-up-epoch.ts';

/** What a command comes to on the loaded state. Pure: no clock, no chance, no I/O. */
export function decide(state: SiteState, command: Command): Decision {
  switch (command.type) {
    case 'record':
      return recordMovements(state, command);
    case 'count':
      return postCount(state, command);
    case 'reserve':
      return reserve(state, command);
    case 'renew-reservation':
    case 'release-reservation':
    case 'confirm-reservation':
    case 'expire-reservation':
      return changeReservation(state, command);
    case 'fulfil-reservation':
      return fulfilReservation(state, command);
    case 'carry-out':
      return carryOut(state, command);
    case 'carry-out-kept':
      return carryOutKept(state, command);
    case 'retell':
      return retell(state, command);
    case 'take-up-epoch':
      return takeUpEpoch(state, command);
    case 'take-back':
      return takeBack(state, command);
    case 'apply-policy':
      return applyPolicy(state, command);
    case 'task-step':
      return takeStep(state, command);
    case 'plan-transfer':
      return planTransfer(state, command);
    case 'ship-transfer':
      return shipTransfer(state, command);
    case 'cancel-transfer':
      return cancelTransfer(state, command);
    case 'receive-transfer':
      return receiveTransfer(state, command);
    case 'close-transfer':
      return closeTransfer(state, command);
    default:
      return unreachable(command);
  }
}
