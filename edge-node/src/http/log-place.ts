import { refuse } from '@edgestock/shared/runtime/problem';
import type { LogStatus } from '../ledger/view.ts';
import { problems } from './problems.ts';

/**
 * The place after which a reader wants the log, when everything after it is still there. Refuses a place before the trimmed
 * part (410) and one beyond the end (409), which a log that was restored from a backup may show: to go on from another place
 * in silence would lose movements.
 */
export function readableFrom(
  after: number | undefined,
  log: Pick<LogStatus, 'firstSequence' | 'sequence'>,
): number | undefined {
  if (after === undefined) return undefined;
  const { firstSequence, sequence } = log;
  if (after < firstSequence - 1) {
    refuse(problems.logTrimmed, `The log begins at ${firstSequence}; what came before is at central only.`, {
      firstSequence,
      sequence,
      hint: 'Read the current stock with GET /v1/stock and go on from the sequence in this answer.',
    });
  }
  if (after > sequence) {
    refuse(problems.beyondLog, `The log ends at ${sequence}.`, {
      firstSequence,
      sequence,
      hint: 'If you have seen more than this, the node was restored from a backup: read its stock anew.',
    });
  }
  return after;
}
