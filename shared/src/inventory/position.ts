/** The quantities of one (warehouse, SKU): the unit of ownership, concurrency, version and replication. */
export type Quantities = {
  /** Units physically here, whatever their condition. Negative when more was recorded as gone than had been recorded as here. */
  readonly onHand: number;
  /** Part of on hand that may not be sold: damaged, on quality hold, expired. */
  readonly unsellable: number;
  /** Timed set-asides before an order is firm. */
  readonly reserved: number;
  /** Set aside for firm orders and outgoing transfers, not yet shipped. */
  readonly committed: number;
  /** Units the node has given central the right to promise. */
  readonly quota: number;
  /** Level kept out of every offer, set by policy. */
  readonly safetyStock: number;
};

export type Position = Quantities & {
  /** Counts the position's deltas: 1 for the first. */
  readonly version: number;
  /** Place in the node's log of the position's last delta; 0 before the first. */
  readonly sequence: number;
};

export const emptyPosition: Position = {
  onHand: 0,
  unsellable: 0,
  reserved: 0,
  committed: 0,
  quota: 0,
  safetyStock: 0,
  version: 0,
  sequence: 0,
};

/**
 * What a till or a local reservation may still promise. Negative when a fact has broken a promise: the size of the deficit.
 * Unsellable below zero (damaged units left that nobody had recorded as damaged) makes nothing sellable.
 */
export function availableOf(position: Quantities): number {
  return (
    position.onHand -
    Math.max(0, position.unsellable) -
    position.reserved -
    position.committed -
    position.quota -
    position.safetyStock
  );
}

/** What may be offered to a buyer: never below zero. */
export function offerable(available: number): number {
  return Math.max(0, available);
}
