import { type MovementDetails, movementKindOf, movementKinds } from '@edgestock/shared/inventory/movement';
import type { PlacedQuantity } from './shelf.ts';

/**
 * What a recorded movement did to the balances: the inverse of recording it, used to rebuild balances, to look back in
 * time, and to fold trimmed movements into the checkpoint. Unknown kinds change nothing here.
 */
export function placeChanges(movement: {
  /** Code of the kind. */
  readonly kind: number;
  readonly quantity: number;
  readonly details: MovementDetails;
}): readonly PlacedQuantity[] {
  const { details, quantity } = movement;
  const kind = movementKindOf(movement.kind);
  if (kind === undefined || movementKinds[kind].change === 'aside') return [];
  const from = { bin: details.bin ?? '', lot: details.lot ?? '', condition: details.condition ?? 'sellable' } as const;
  if (movementKinds[kind].change !== 'none') return quantity === 0 ? [] : [{ ...from, quantity }];
  const to = { bin: details.toBin ?? from.bin, lot: from.lot, condition: details.toCondition ?? from.condition };
  return [
    { ...from, quantity: -quantity },
    { ...to, quantity },
  ];
}
