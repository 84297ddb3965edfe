import { movementProblems } from './command-problems.ts';
import { Recording } from './recording.ts';
import type { Decision, SiteState } from './site-state.ts';
import { type Transfer, withStage, withUnits } from './transfer.ts';
import type { ShipTransfer, TransferCommand } from './transfer-command.ts';

/**
 * Decides that goods of a transfer have left. It is recorded as it happened, more or less than planned (P4), once; the rest of
 * the plan is given up. Also of one that was cancelled: then somebody loaded it all the same.
 */
export function shipTransfer(state: SiteState, command: ShipTransfer): Decision {
  const { id } = command;
  const transfer = leavingOf(state, id);
  if (transfer === undefined) return { outcome: 'refused', refusal: { refusal: 'unknown', document: 'transfer', id } };
  if (transfer.from !== state.documents.warehouse()) {
    return transferWrongState(transfer, `it leaves from ${transfer.from}; what arrives here is received`);
  }
  if (transfer.shippedAs === command.fingerprint) return { outcome: 'done-before' };
  if (transfer.shippedAs !== undefined) {
    return transferWrongState(
      transfer,
      'it left before, with other contents; what follows needs a transfer of its own',
    );
  }
  const lines = command.lines ?? transfer.lines.map(({ sku, planned }) => ({ sku, quantity: planned }));
  const shipment = { ...command, kind: 'transfer-ship', document: id, otherWarehouse: transfer.to, lines } as const;
  const problems = movementProblems(shipment);
  if (problems.length > 0) return { outcome: 'invalid', problems };

  const recording = new Recording(state);
  setAsideEnds(transfer, command, recording);
  recording.record(shipment);
  let units = transfer.lines;
  for (const { sku, quantity } of lines) units = withUnits(units, sku, { shipped: quantity });
  const after = { ...transfer, lines: units, shippedAs: command.fingerprint, changedAt: state.now };
  return recording.decision([{ document: 'transfer', transfer: withStage(after) }]);
}

/** The transfer of that name that leaves from here; without one, any that arrives, to tell that it does. */
export function leavingOf({ documents }: SiteState, id: string): Transfer | undefined {
  return documents.transfer(id, documents.warehouse()) ?? documents.transfersNamed(id)[0];
}

/** What was set aside for a planned transfer is so no longer. */
export function setAsideEnds(transfer: Transfer, command: Pick<TransferCommand, 'actor'>, recording: Recording): void {
  if (transfer.state !== 'planned') return;
  const details = {
    document: transfer.id,
    ...(command.actor === undefined ? {} : { actor: command.actor }),
    otherWarehouse: transfer.to,
  };
  for (const [line, { sku, planned }] of transfer.lines.entries()) {
    recording.aside('uncommit', planned, { sku, line, details });
  }
}

export function transferWrongState({ id, state }: Transfer, why: string): Decision {
  return { outcome: 'refused', refusal: { refusal: 'wrong-state', document: 'transfer', id, state, why } };
}
