import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKindOf } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { SetAsideHolder, SnapshotSetAside } from '@edgestock/shared/protocol/snapshot';

/**
 * What the units of a SKU were set aside for before some movements of it, from what they are set aside for after them. A
 * movement names its document, and not what kind it is: `isReservation` knows.
 */
export function setAsidesBefore(
  now: readonly SnapshotSetAside[],
  deltas: readonly Delta[],
  isReservation: (document: string) => boolean,
): readonly SnapshotSetAside[] {
  const before = new Map<string, SnapshotSetAside>();
  const add = (one: SnapshotSetAside) => {
    const key = `${one.holder} ${one.document}`;
    const known = before.get(key);
    before.set(key, known === undefined ? one : { ...known, quantity: known.quantity + one.quantity });
  };
  for (const one of now) add(one);
  for (const { kind: code, quantity, details } of deltas) {
    const { document, otherWarehouse } = details;
    if (document === undefined) continue;
    const holder = holderOf(otherWarehouse, isReservation(document));
    const undo = (units: number, of: SetAsideHolder = holder) =>
      add({ holder: of, document, quantity: units, ...(otherWarehouse === undefined ? {} : { otherWarehouse }) });
    const kind = movementKindOf(code);
    if (kind === 'reserve') undo(-quantity, 'held');
    else if (kind === 'release') undo(quantity, 'held');
    else if (kind === 'commit') undo(-quantity);
    else if (kind === 'uncommit') undo(quantity);
    else if (kind === 'allocate') undo(-quantity, 'task');
    else if (kind === 'ship') undo(-quantity, 'task');
  }
  return [...before.values()].filter(({ quantity }) => quantity > 0).sort(byName);
}

function holderOf(otherWarehouse: WarehouseId | undefined, isReservation: boolean): SetAsideHolder {
  if (otherWarehouse !== undefined) return 'transfer';
  return isReservation ? 'confirmed' : 'task';
}

/** Asked again, the answer is the same, byte for byte. */
function byName(one: SnapshotSetAside, other: SnapshotSetAside): number {
  if (one.document !== other.document) return one.document < other.document ? -1 : 1;
  return one.holder < other.holder ? -1 : 1;
}
