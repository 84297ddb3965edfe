import { availableOf, deficitOf, type Quantities } from '@edgestock/shared/inventory/position';

/**
 * Units that a promise lacks here and that central may hold: how many to ask it for before deciding. 0 in the ordinary case.
 * Never more than the quota: nothing else can come back.
 */
export function missingForPromise(position: Quantities, units: number): number {
  if (position.quota <= 0) return 0;
  return Math.min(position.quota, Math.max(0, units - availableOf(position)));
}

/** The same before units leave by a sale: it is recorded in any case, but a deficit that central can still avert need not be. */
export function missingForSale(position: Quantities, units: number): number {
  if (position.quota <= 0) return 0;
  return Math.min(position.quota, deficitOf({ ...position, onHand: position.onHand - units }));
}

/** The same before committed units leave: their own set-aside goes with them. */
export function missingForShip(position: Quantities, units: number): number {
  if (position.quota <= 0) return 0;
  const after = { ...position, onHand: position.onHand - units, committed: position.committed - units };
  return Math.min(position.quota, deficitOf(after));
}
