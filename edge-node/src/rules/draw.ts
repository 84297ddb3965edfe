import type { Condition } from '@edgestock/shared/inventory/movement';
import { isSamePlace, type Place, type PlacedQuantity, type Shelf } from './shelf.ts';

/** Where units may be taken from; what is absent is left to the rule. */
export type DrawScope = {
  readonly bin?: string | undefined;
  readonly lot?: string | undefined;
  readonly condition?: Condition | undefined;
};

export function isInScope(balance: Place, scope: DrawScope): boolean {
  return (
    (scope.bin === undefined || balance.bin === scope.bin) &&
    (scope.lot === undefined || balance.lot === scope.lot) &&
    (scope.condition === undefined || balance.condition === scope.condition)
  );
}

/**
 * From which places `quantity` units leave, when the caller did not say exactly: first expired, first out (lots without a
 * date last), then bins in name order, so that the same state always gives the same answer. What no place covers is taken
 * from the default place of the scope, which goes negative there: a fact is never refused (P4).
 */
export function draw(shelf: Shelf, quantity: number, scope: DrawScope): readonly PlacedQuantity[] {
  const candidates = shelf.balances.filter((balance) => balance.quantity > 0 && isInScope(balance, scope));
  const first = candidates[0];
  if (first !== undefined && candidates.length === 1 && first.quantity >= quantity) return [{ ...first, quantity }];

  const drawn: PlacedQuantity[] = [];
  let due = quantity;
  for (const balance of candidates.sort((a, b) => byExpiryThenPlace(shelf, a, b))) {
    if (due === 0) break;
    const taken = Math.min(due, balance.quantity);
    drawn.push({ ...balance, quantity: taken });
    due -= taken;
  }
  return due === 0 ? drawn : withUncovered(drawn, { ...defaultPlace(scope), quantity: due });
}

/** Where units go when nobody said: the default bin, no lot, fit to sell. */
export function defaultPlace(scope: DrawScope): Place {
  return { bin: scope.bin ?? '', lot: scope.lot ?? '', condition: scope.condition ?? 'sellable' };
}

function withUncovered(drawn: PlacedQuantity[], uncovered: PlacedQuantity): readonly PlacedQuantity[] {
  const index = drawn.findIndex((place) => isSamePlace(place, uncovered));
  const same = drawn[index];
  return same === undefined
    ? [...drawn, uncovered]
    : drawn.with(index, { ...same, quantity: same.quantity + uncovered.quantity });
}

function byExpiryThenPlace(shelf: Shelf, a: Place, b: Place): number {
  return (
    compare(expiryOf(shelf, a), expiryOf(shelf, b)) ||
    compare(a.bin, b.bin) ||
    compare(a.lot, b.lot) ||
    compare(a.condition, b.condition)
  );
}

/** Sorts after every date when the lot has none. */
function expiryOf(shelf: Shelf, place: Place): string {
  return shelf.expiries.get(place.lot) ?? '~';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
