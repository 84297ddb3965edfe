import type { Sku } from '@edgestock/shared/inventory/ids';
import { type Condition, isSellable } from '@edgestock/shared/inventory/movement';
import type { Position } from '@edgestock/shared/inventory/position';

/** A place units can be in: one bin, one lot, one condition. */
export type Place = {
  /** '' = the default bin */
  readonly bin: string;
  /** '' = no lot */
  readonly lot: string;
  readonly condition: Condition;
};

export type PlacedQuantity = Place & { readonly quantity: number };

/** Everything the rules need to know of one SKU at this node. */
export type Shelf = {
  readonly sku: Sku;
  /** False when no item of this SKU exists yet. */
  readonly isKnown: boolean;
  readonly position: Position;
  readonly balances: readonly PlacedQuantity[];
  /** Expiry dates of its lots, `YYYY-MM-DD`. */
  readonly expiries: ReadonlyMap<string, string>;
};

export function isSamePlace(a: Place, b: Place): boolean {
  return a.bin === b.bin && a.lot === b.lot && a.condition === b.condition;
}

/** The balances after `change` units came to (or, negative, left) a place. A balance that reaches zero is no balance. */
export function withBalance(
  balances: readonly PlacedQuantity[],
  place: Place,
  change: number,
): readonly PlacedQuantity[] {
  if (change === 0) return balances;
  const index = balances.findIndex((balance) => isSamePlace(balance, place));
  const before = balances[index];
  if (before === undefined)
    return [...balances, { bin: place.bin, lot: place.lot, condition: place.condition, quantity: change }];
  const quantity = before.quantity + change;
  if (quantity === 0) return balances.toSpliced(index, 1);
  return balances.with(index, { ...before, quantity });
}

/** The balance at one place; 0 when nothing is there. */
export function balanceAt(balances: readonly PlacedQuantity[], place: Place): number {
  return balances.find((balance) => isSamePlace(balance, place))?.quantity ?? 0;
}

/** How many of `change` units at a place count as unsellable. */
export function unsellableChange(place: Place, change: number): number {
  return isSellable(place.condition) ? 0 : change;
}
