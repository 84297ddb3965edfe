import { unreachable } from '@edgestock/shared/runtime/assert';
import { changeReservation } from './change-reservation.ts';
import type { Command } from './command.ts';
import { fulfilReservation } from './fulfil-reservation.ts';
import { postCount } from './post-count.ts';
import { recordMovements } from './record-movements.ts';
import { reserve } from './reserve.ts';
import type { Decision, SiteState } from './site-state.ts';

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
    default:
      return unreachable(command);
  }
}
