import { movementKindOf } from '@edgestock/shared/inventory/movement';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import { withoutSetAsides } from '@edgestock/shared/inventory/set-asides';
import type { Delta } from '@edgestock/shared/protocol/delta';
import { must } from '@edgestock/shared/runtime/assert';
import { placeChanges } from './place-changes.ts';
import { unsellableChange } from './shelf.ts';

/** What a movement found: its state, less what it did to the places and to the set-asides. */
export function positionBefore(delta: Delta): Position {
  if (delta.previous === 0) return emptyPosition;
  const changes = placeChanges(delta);
  const unsellable = changes.reduce((sum, change) => sum + unsellableChange(change, change.quantity), 0);
  const onHand = changes.reduce((sum, change) => sum + change.quantity, 0);
  const kind = must(movementKindOf(delta.kind), 'a node records only kinds that it knows');
  return {
    ...withoutSetAsides(delta.state, kind, delta.quantity),
    onHand: delta.state.onHand - onHand,
    unsellable: delta.state.unsellable - unsellable,
    version: delta.version - 1,
    sequence: delta.previous,
  };
}
