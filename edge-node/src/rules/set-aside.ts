import type { Sku } from '@edgestock/shared/inventory/ids';
import type { MovementDetails, MovementKind } from '@edgestock/shared/inventory/movement';
import { withSetAsides } from '@edgestock/shared/inventory/set-asides';
import type { Shelf } from './shelf.ts';
import type { Draft } from './site-state.ts';

/** Appends a movement that leaves the goods where they are and changes what they are set aside for. Returns the shelf it leaves. */
export function setAside(
  drafts: Draft,
  movement: {
    readonly kind: MovementKind;
    readonly sku: Sku;
    readonly quantity: number;
    readonly line: number;
    readonly details: MovementDetails;
  },
): Shelf {
  const { kind, sku, quantity, line, details } = movement;
  const shelf = drafts.shelf(sku);
  const position = withSetAsides(shelf.position, kind, quantity);
  return drafts.append({ kind, line, quantity, details, shelf: { ...shelf, position } });
}
