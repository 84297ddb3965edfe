import { openUnitsOf, type Transfer } from '../ledger/command.ts';
import { isoTime } from './movement-json.ts';

/** A transfer as every answer shows it. */
export function transferBody({ id, from, to, state, note, isComplete, closing, ...transfer }: Transfer) {
  return {
    id,
    from,
    to,
    state,
    ...(note === undefined ? {} : { note }),
    // Nothing more will come, said whoever received: what is open then waits for somebody to close it.
    ...(isComplete ? { isComplete } : {}),
    ...(closing === undefined ? {} : { closing }),
    lines: transfer.lines.map((line) => ({ ...line, open: openUnitsOf(line) })),
    madeAt: isoTime(transfer.madeAt),
    changedAt: isoTime(transfer.changedAt),
  };
}
