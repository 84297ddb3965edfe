import { type MovementEffect, type MovementKind, movementKinds, type SetAsides } from './movement.ts';
import type { Quantities } from './position.ts';

/**
 * The quantities after a movement of a kind has changed their set-asides; on hand and unsellable are left to whoever knows the
 * places of the goods. `quantity` is the movement's own: signed where it changes on hand.
 */
export function withSetAsides<Q extends Quantities>(quantities: Q, kind: MovementKind, quantity: number): Q {
  return changed(quantities, kind, quantity, 1);
}

/** The quantities before that movement: the inverse of `withSetAsides`. */
export function withoutSetAsides<Q extends Quantities>(quantities: Q, kind: MovementKind, quantity: number): Q {
  return changed(quantities, kind, quantity, -1);
}

function changed<Q extends Quantities>(quantities: Q, kind: MovementKind, quantity: number, direction: 1 | -1): Q {
  const { change, asides }: MovementEffect = movementKinds[kind];
  // Most movements are sales and receipts, which set nothing aside.
  if (asides === undefined) return quantities;
  const units = change === 'aside' ? quantity : Math.abs(quantity);
  const after: { -readonly [Name in keyof SetAsides]: number } = {};
  for (const [name, sign] of Object.entries(asides) as [keyof SetAsides, 1 | -1][]) {
    after[name] = quantities[name] + direction * sign * units;
  }
  return { ...quantities, ...after };
}
