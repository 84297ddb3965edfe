import { Recording } from './recording.ts';
import { demandOf } from './reservation.ts';
import { problemsOfPromise, shortageOf } from './reserve.ts';
import { leavingOf, setAsideEnds, transferWrongState } from './ship-transfer.ts';
import type { Decision, SiteState } from './site-state.ts';
import type { Transfer } from './transfer.ts';
import type { CancelTransfer, PlanTransfer } from './transfer-command.ts';

/**
 * Decides a plan. It is a promise to another warehouse, so it is made only from what is available, for all lines or for none
 * (P3), and its units are committed until they leave. The same id and request again was done before.
 */
export function planTransfer(state: SiteState, command: PlanTransfer): Decision {
  const { id, to, fingerprint, note } = command;
  const here = state.documents.warehouse();
  const known = state.documents.transfer(id, here);
  if (known !== undefined) {
    if (known.plannedAs === fingerprint) return { outcome: 'done-before' };
    return { outcome: 'refused', refusal: { refusal: 'other-content', document: 'transfer', id } };
  }
  const toItself = { line: 0, code: 'to-itself', message: `${to} is this warehouse: within it goods are moved` };
  const problems = [...(to === here ? [toItself] : []), ...problemsOfPromise(command.lines, 'a transfer')];
  if (problems.length > 0) return { outcome: 'invalid', problems };

  const recording = new Recording(state);
  const lines = demandOf(command.lines);
  const shortages = lines.flatMap((line) => shortageOf(recording, line));
  if (shortages.length > 0) return { outcome: 'refused', refusal: { refusal: 'insufficient', shortages } };

  const details = {
    document: id,
    ...(command.actor === undefined ? {} : { actor: command.actor }),
    otherWarehouse: to,
  };
  for (const { sku, quantity } of lines) {
    const line = command.lines.findIndex((asked) => asked.sku === sku);
    recording.aside('commit', quantity, { sku, line, details });
  }
  const transfer: Transfer = {
    ...{ id, from: here, to, state: 'planned', note },
    lines: lines.map(({ sku, quantity }) => ({ sku, planned: quantity, shipped: 0, received: 0, damaged: 0, lost: 0 })),
    ...{ isComplete: false, closing: undefined, plannedAs: fingerprint, shippedAs: undefined },
    ...{ madeAt: state.now, changedAt: state.now },
  };
  return recording.decision([{ document: 'transfer', transfer }]);
}

/** Decides that a planned transfer does not go. */
export function cancelTransfer(state: SiteState, command: CancelTransfer): Decision {
  const { id } = command;
  const transfer = leavingOf(state, id);
  if (transfer === undefined) return { outcome: 'refused', refusal: { refusal: 'unknown', document: 'transfer', id } };
  if (transfer.state === 'cancelled') return { outcome: 'done-before' };
  if (transfer.state !== 'planned') return transferWrongState(transfer, 'only what has not left can be cancelled');
  const recording = new Recording(state);
  setAsideEnds(transfer, command, recording);
  const after: Transfer = { ...transfer, state: 'cancelled', changedAt: state.now };
  return recording.decision([{ document: 'transfer', transfer: after }]);
}
