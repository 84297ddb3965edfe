import { unreachable } from '@edgestock/shared/runtime/assert';
import type { Command } from './command.ts';
import { postCount } from './post-count.ts';
import { recordMovements } from './record-movements.ts';
import type { Decision, SiteState } from './site-state.ts';

/** What a command comes to on the loaded state. Pure: no clock, no chance, no I/O. */
export function decide(state: SiteState, command: Command): Decision {
  switch (command.type) {
    case 'record':
      return recordMovements(state, command);
    case 'count':
      return postCount(state, command);
    default:
      return unreachable(command);
  }
}
