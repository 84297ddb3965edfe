import { unreachable } from '@edgestock/shared/runtime/assert';
import { ProblemError, problemOf } from '@edgestock/shared/runtime/problem';
import { shortened } from '@edgestock/shared/runtime/sentence';
import type { Refusal } from '../ledger/command.ts';
import { problems } from './problems.ts';

const unknownDocument = {
  reservation: problems.unknownReservation,
  task: problems.unknownTask,
  transfer: problems.unknownTransfer,
} as const;
const wrongState = {
  reservation: problems.reservationState,
  task: problems.taskState,
  transfer: problems.transferState,
} as const;

/** What the sender of a promise that cannot be made, or of a step out of turn, gets. */
export function refusedProblem(refusal: Refusal): ProblemError {
  switch (refusal.refusal) {
    case 'insufficient': {
      const { shortages } = refusal;
      const [first] = shortages;
      const which = first === undefined ? '' : ` ${first.sku}: ${first.available} of ${first.requested}.`;
      return new ProblemError(
        problemOf(problems.insufficient, `Not everything can be promised; nothing was.${which}`, { shortages }),
      );
    }
    case 'unknown':
      return new ProblemError(
        problemOf(unknownDocument[refusal.document], `There is no ${refusal.document} ${shortened(refusal.id)} here.`),
      );
    case 'ambiguous': {
      const { id, sources } = refusal;
      const detail = `Transfers from ${sources.join(' and ')} have the name ${shortened(id)}.`;
      const hint = `Say which is meant: from = ${sources.join(' or ')}.`;
      return new ProblemError(problemOf(problems.transferAmbiguous, detail, { from: sources, hint }));
    }
    case 'other-content': {
      const { document, id } = refusal;
      const detail = `There is a ${document} ${id} that was asked for with another body. A new one needs an id of its own.`;
      return new ProblemError(problemOf(problems.idReused, detail));
    }
    case 'wrong-state': {
      const { document, id, state, why } = refusal;
      return new ProblemError(problemOf(wrongState[document], `The ${document} ${id} is ${state}: ${why}.`, { state }));
    }
    default:
      return unreachable(refusal);
  }
}
