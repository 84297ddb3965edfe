import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { movementKindOf } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { SetAsideHolder, SnapshotSetAside } from '@edgestock/shared/protocol/snapshot';

type Change = {
  readonly open: number;
  readonly released?: number;
  readonly shipped?: number;
  /** Absent where the document says it. */
  readonly of?: SetAsideHolder;
};

/**
 * What the units of a SKU were set aside for before some movements of it, from what they are set aside for after them. A
 * movement names its document, and not what kind it is: `isReservation` knows. Of a task that is over its totals are told.
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
    before.set(key, known === undefined ? one : summed(known, one));
  };
  for (const one of now) add(one);
  for (const delta of deltas) {
    const { document, otherWarehouse } = delta.details;
    if (document === undefined) continue;
    const holder = holderOf(otherWarehouse, isReservation(document));
    const change = changeBy(delta, holder);
    if (change === undefined) continue;
    const { open, released = 0, shipped = 0, of = holder } = change;
    // Subtracted, since a negated zero is another number, in other bytes.
    const units = { quantity: 0 - open, released: 0 - released, shipped: 0 - shipped };
    add({ holder: of, document, ...units, ...(otherWarehouse === undefined ? {} : { otherWarehouse }) });
  }
  return [...before.values()]
    .filter(({ quantity, released, shipped }) => quantity > 0 || released > 0 || shipped > 0)
    .sort(byName);
}

/** What one movement did to what its document holds; `undefined` = nothing. */
function changeBy({ kind: code, quantity }: Delta, holder: SetAsideHolder): Change | undefined {
  const givenUp = holder === 'task' ? quantity : 0;
  switch (movementKindOf(code)) {
    case 'reserve':
      return { open: quantity, of: 'held' };
    case 'release':
      return { open: -quantity, of: 'held' };
    // Of a task: a parcel that had left before its release was heard of is committed once more, to be shipped.
    case 'commit':
      return { open: quantity, released: -givenUp };
    case 'uncommit':
      return { open: -quantity, released: givenUp };
    case 'allocate':
      return { open: quantity, of: 'task' };
    case 'ship':
      return { open: quantity, shipped: -quantity, of: 'task' };
    default:
      return undefined;
  }
}

function summed(known: SnapshotSetAside, one: SnapshotSetAside): SnapshotSetAside {
  return {
    ...known,
    quantity: known.quantity + one.quantity,
    released: known.released + one.released,
    shipped: known.shipped + one.shipped,
  };
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
