import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferState } from '@edgestock/shared/protocol/directive';
import type { Effect } from './directive-effect.ts';
import { openSurpluses, settled, unheard } from './receive-transfer.ts';
import type { Recording } from './recording.ts';
import type { SiteState } from './site-state.ts';
import type { Transfer, TransferUnits } from './transfer.ts';

/**
 * Takes over what central tells of a transfer. What this warehouse has recorded itself may be ahead of central, and what it
 * hears may be behind: of every total that only grows the larger one counts, so order and repetition do no harm. A long transfer
 * comes in several directives; SKUs that one of them leaves out stay as they were.
 */
export function hearTransfer(state: SiteState, told: TransferState, recording: Recording): Effect {
  const { transfer: id, from, to } = told;
  const here = state.documents.warehouse();
  const before = state.documents.transfer(id, from) ?? unheard({ id, from, to }, state.now);
  // Where it goes is the source's to say; a receipt only says where it came.
  const after: Transfer = {
    ...before,
    to: from === here ? before.to : to,
    lines: merged(before, told, here),
    changedAt: state.now,
  };
  // Where it goes only: there the units lie, and closing it there says what became of them. Here nothing would close it.
  if (after.to === here) openSurpluses(recording, before, after);
  return { outcome: 'carried-out', writes: [{ document: 'transfer', transfer: settled(after, here, recording) }] };
}

function merged(before: Transfer, told: TransferState, here: WarehouseId): readonly TransferUnits[] {
  const own = new Map(before.lines.map((line) => [line.sku, line]));
  for (const line of told.lines) {
    const mine = own.get(line.sku);
    own.set(line.sku, mine === undefined ? { ...line, planned: 0 } : mergedLine(mine, line, before, here));
  }
  return [...own.values()];
}

function mergedLine(
  mine: TransferUnits,
  told: TransferState['lines'][number],
  { from, to }: Transfer,
  here: WarehouseId,
): TransferUnits {
  return {
    ...mine,
    shipped: from === here ? mine.shipped : Math.max(mine.shipped, told.shipped),
    received: Math.max(mine.received, told.received),
    damaged: Math.max(mine.damaged, told.damaged),
    // May fall when units turn up after all, so here its writer's word counts and not the largest.
    lost: to === here ? mine.lost : told.lost,
  };
}
