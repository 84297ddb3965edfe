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
  /** Units the node has given central the right to promise: `granted - returned - allocated`. */
  readonly quota: number;
  /** Level kept out of every offer, set by policy. */
  readonly safetyStock: number;
  /**
   * What the quota comes from: units ever granted to central, ever allocated by its directives, and ever given back by it as
   * far as the node has seen. Totals only grow, each has one writer, and a reader keeps the largest it ever saw; so loss,
   * repetition and disorder on the way cannot make a unit (escrow: O'Neil 1986; bounded counter: Balegas et al. 2015).
   */
  readonly granted: number;
  readonly allocated: number;
  readonly returned: number;
};

export type Position = Quantities & {
  /** Counts the position's deltas: 1 for the first. */
  readonly version: number;
  /** Place in the node's log of the position's last delta; 0 before the first. */
  readonly sequence: number;
};

export const emptyQuantities: Quantities = {
  onHand: 0,
  unsellable: 0,
  reserved: 0,
  committed: 0,
  quota: 0,
  safetyStock: 0,
  granted: 0,
  allocated: 0,
  returned: 0,
};

export const emptyPosition: Position = { ...emptyQuantities, version: 0, sequence: 0 };

/** Units that may be sold, promised or not. Unsellable below zero (damaged units left that nobody had recorded as damaged) makes nothing sellable. */
export function sellableOf(position: Quantities): number {
  return position.onHand - Math.max(0, position.unsellable);
}

/** Units promised to somebody: by a reservation, an order, or by central, which may promise its quota at any moment. */
export function promisedOf(position: Quantities): number {
  return position.reserved + position.committed + position.quota;
}

/** What a till or a local reservation may still promise. Negative when facts have taken what was promised, or what was to be kept. */
export function availableOf(position: Quantities): number {
  return sellableOf(position) - promisedOf(position) - position.safetyStock;
}

/** Promised units that no goods stand behind any more; 0 when all promises are covered. Safety stock is there to be eaten first. */
export function deficitOf(position: Quantities): number {
  return Math.max(0, promisedOf(position) - Math.max(0, sellableOf(position)));
}

/** What may be offered to a buyer: never below zero. */
export function offerable(available: number): number {
  return Math.max(0, available);
}
