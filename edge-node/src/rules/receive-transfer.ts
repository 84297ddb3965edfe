import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { isSellable } from '@edgestock/shared/inventory/movement';
import { movementProblems } from './command-problems.ts';
import type { LineProblem } from './outcome.ts';
import { Recording } from './recording.ts';
import type { Refusal } from './refusal.ts';
import { transferWrongState } from './ship-transfer.ts';
import type { Decision, SiteState } from './site-state.ts';
import { openUnitsOf, surplusOf, type Transfer, withStage, withUnits } from './transfer.ts';
import type { CloseTransfer, ReceiveTransfer } from './transfer-command.ts';

/**
 * Decides that goods of a transfer have arrived. A fact (P4): recorded also before central has told of the transfer (P5), and
 * of one that was closed. More than was shipped, as far as that is known, opens an exception.
 */
export function receiveTransfer(state: SiteState, command: ReceiveTransfer): Decision {
  const { id, lines } = command;
  const here = state.documents.warehouse();
  const arriving = arrivingOf(state, command);
  if ('refusal' in arriving) return { outcome: 'refused', refusal: arriving };
  const { known } = arriving;
  if (known?.from === here) return transferWrongState(known, 'it left from here; what comes back is another transfer');
  const from = known?.from ?? command.from;
  const receipt = { ...command, kind: 'transfer-receive', document: id, otherWarehouse: from ?? here } as const;
  const problems = [...problemsOfOrigin(command, known, here), ...movementProblems(receipt)];
  if (from === undefined || problems.length > 0) return { outcome: 'invalid', problems };

  const before = known ?? unheard({ id, from, to: here }, state.now);
  const recording = new Recording(state);
  recording.record(receipt);
  let units = before.lines;
  for (const { sku, quantity, condition = 'sellable' } of lines) {
    units = withUnits(units, sku, isSellable(condition) ? { received: quantity } : { damaged: quantity });
  }
  const after = { ...before, lines: units, isComplete: before.isComplete || command.isLast, changedAt: state.now };
  openSurpluses(recording, before, after);
  return recording.decision([{ document: 'transfer', transfer: settled(after, here, recording) }]);
}

/**
 * Decides that what has not come will not come. Where it is not known what was shipped, what came counts as come beyond that:
 * the source may never tell (its name was mistyped, its node is gone), and the transfer must end all the same. Once central
 * tells, the difference is set right.
 */
export function closeTransfer(state: SiteState, command: CloseTransfer): Decision {
  const { id, reason, actor } = command;
  const here = state.documents.warehouse();
  const arriving = arrivingOf(state, command);
  if ('refusal' in arriving) return { outcome: 'refused', refusal: arriving };
  const { known: transfer } = arriving;
  if (transfer === undefined) return { outcome: 'refused', refusal: { refusal: 'unknown', document: 'transfer', id } };
  if (transfer.to !== here) return transferWrongState(transfer, `it is closed at ${transfer.to}, where it arrives`);
  if (transfer.closing !== undefined || transfer.state === 'closed') return { outcome: 'done-before' };
  const recording = new Recording(state);
  const after: Transfer = { ...transfer, isComplete: true, closing: { reason, actor }, changedAt: state.now };
  return recording.decision([{ document: 'transfer', transfer: settled(after, here, recording) }]);
}

/**
 * The transfer that is meant by its name and, where it is said, its source. Without a source it is the only one that arrives
 * here, else the one that leaves from here: of that the rules tell what it is. Where several arrive, none is guessed.
 */
function arrivingOf(
  { documents }: SiteState,
  { id, from }: Pick<ReceiveTransfer, 'id' | 'from'>,
): { readonly known: Transfer | undefined } | Extract<Refusal, { refusal: 'ambiguous' }> {
  if (from !== undefined) return { known: documents.transfer(id, from) };
  const here = documents.warehouse();
  const named = documents.transfersNamed(id);
  const arriving = named.filter((one) => one.from !== here);
  if (arriving.length > 1) {
    return { refusal: 'ambiguous', document: 'transfer', id, sources: arriving.map((one) => one.from) };
  }
  return { known: arriving[0] ?? named[0] };
}

/** A transfer that central has not told of. */
export function unheard(of: Pick<Transfer, 'id' | 'from' | 'to'>, now: number): Transfer {
  return {
    ...of,
    ...{ state: 'receiving', lines: [], note: undefined, isComplete: false, closing: undefined },
    ...{ plannedAs: undefined, shippedAs: undefined, madeAt: now, changedAt: now },
  };
}

/**
 * The transfer with every unit accounted for, if it was closed: what is missing is lost, and what came after all, or beyond
 * what was shipped, counts against that, so that shipped = received + damaged + lost.
 */
export function settled(transfer: Transfer, here: WarehouseId, recording: Recording): Transfer {
  const { id, from, to, closing } = transfer;
  if (closing === undefined || to !== here) return withStage(transfer);
  const lines = transfer.lines.map((line, index) => {
    const open = openUnitsOf(line);
    const details = { document: id, ...closing, otherWarehouse: from };
    recording.aside('transfer-lost', open, { sku: line.sku, line: index, details });
    return { ...line, lost: line.lost + open };
  });
  return withStage({ ...transfer, lines });
}

/** Opens an exception for every SKU of which more has come than was shipped, and more so than before. */
export function openSurpluses(recording: Recording, before: Transfer, after: Transfer): void {
  for (const { sku } of after.lines) {
    const surplus = surplusOf(after, sku);
    if (surplus > surplusOf(before, sku)) recording.open('transfer-over', sku, surplus);
  }
}

function problemsOfOrigin(
  { id, from }: ReceiveTransfer,
  known: Transfer | undefined,
  here: WarehouseId,
): readonly LineProblem[] {
  const problem = (code: string, message: string) => [{ line: 0, code, message }];
  if (from === here) return problem('from-itself', `${here} is this warehouse: what comes from itself is no transfer`);
  if (known === undefined) {
    const message = `the transfer ${id} is not known here yet: say from which warehouse it comes (from)`;
    return from === undefined ? problem('from-required', message) : [];
  }
  return [];
}
