import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import { assert } from '@edgestock/shared/runtime/assert';
import type { Hold, Shortage } from './reservation.ts';

/** Units of one SKU that one warehouse lets central promise. */
export type Offer = {
  readonly warehouse: WarehouseId;
  readonly sku: Sku;
  readonly unspent: number;
  /** Lower ships first. */
  readonly priority: number;
  /** Not heard of lately: what it promised still stands, but it may be slow to pick. */
  readonly isSilent: boolean;
};

export type SourcingPlan = {
  /** In the order of warehouse, then SKU. */
  readonly holds: readonly SourcedHold[];
  /** What could not be had, in the order of SKU. */
  readonly shortages: readonly Shortage[];
};

export type SourcedHold = { readonly sku: Sku; readonly warehouse: WarehouseId; readonly quantity: number };

/** The holds of one SKU, in the order they have. */
export function holdsOf(holds: readonly SourcedHold[], sku: Sku): readonly Hold[] {
  return holds.filter((hold) => hold.sku === sku).map(({ warehouse, quantity }) => ({ warehouse, quantity }));
}

type Candidate = {
  readonly warehouse: WarehouseId;
  readonly priority: number;
  readonly isSilent: boolean;
  /** Units left of each SKU that is asked for. */
  readonly unspent: Map<Sku, number>;
  /** A parcel leaves from here already: more in it costs nothing. */
  isUsed: boolean;
};

/** What a candidate could do for the lines still open. */
type Reach = { readonly candidate: Candidate; readonly wholeLines: number; readonly units: number };

/**
 * Chooses from where demand is served. Fewest parcels first: a warehouse that has everything wins; else, step by step, the one
 * that covers most lines whole, then most units; a line is split only where no warehouse covers it, or where those that send
 * a parcel anyway cover all the rest. Among equals one that is heard of, then the lower priority number, then the id. The order
 * of demand and offers plays no part. Greedy beyond the first warehouse: the exact answer is a set cover, and not worth its time.
 *
 * Demand of a SKU on several lines is summed. Plans never more than asked nor than offered, and of each SKU leaves as many
 * units over all warehouses as its buffer says.
 */
export function source(
  demand: readonly SkuQuantity[],
  offers: readonly Offer[],
  bufferOf: (sku: Sku) => number = () => 0,
): SourcingPlan {
  const asked = new Map<Sku, number>();
  for (const { sku, quantity } of demand) asked.set(sku, (asked.get(sku) ?? 0) + quantity);
  const candidates = candidatesOf(offers, asked);

  // What nobody has must not decide who is best for the rest.
  const open = new Map<Sku, number>();
  const shortages: Shortage[] = [];
  for (const sku of [...asked.keys()].sort()) {
    const requested = asked.get(sku) ?? 0;
    const offered = candidates.reduce((sum, { unspent }) => sum + (unspent.get(sku) ?? 0), 0);
    const available = Math.max(0, offered - bufferOf(sku));
    if (available < requested) shortages.push({ sku, requested, available });
    if (requested > 0 && available > 0) open.set(sku, Math.min(requested, available));
  }

  const holds = new Map<Candidate, Map<Sku, number>>();
  while (open.size > 0) {
    const { candidate, wholeLines } = best(candidates, open);
    const taken = holds.get(candidate) ?? new Map<Sku, number>();
    for (const [sku, wanted] of open) {
      const unspent = candidate.unspent.get(sku) ?? 0;
      const quantity = Math.min(wanted, unspent);
      // Whole lines first: the rest of this warehouse stays on offer for what nobody covers whole.
      if (quantity === 0 || (wholeLines > 0 && quantity < wanted)) continue;
      taken.set(sku, (taken.get(sku) ?? 0) + quantity);
      candidate.unspent.set(sku, unspent - quantity);
      if (quantity === wanted) open.delete(sku);
      else open.set(sku, wanted - quantity);
    }
    holds.set(candidate, taken);
    candidate.isUsed = true;
  }
  return { holds: inOrder(holds), shortages };
}

function candidatesOf(offers: readonly Offer[], asked: ReadonlyMap<Sku, number>): readonly Candidate[] {
  const candidates = new Map<WarehouseId, Candidate>();
  for (const { warehouse, sku, unspent, priority, isSilent } of offers) {
    if (unspent <= 0 || !asked.has(sku)) continue;
    let candidate = candidates.get(warehouse);
    if (candidate === undefined) {
      candidate = { warehouse, priority, isSilent, unspent: new Map(), isUsed: false };
      candidates.set(warehouse, candidate);
    }
    assert(!candidate.unspent.has(sku), () => `two offers of ${sku} at ${warehouse}`);
    candidate.unspent.set(sku, unspent);
  }
  return [...candidates.values()];
}

function best(candidates: readonly Candidate[], open: ReadonlyMap<Sku, number>): Reach {
  const used = candidates.filter(({ isUsed }) => isUsed);
  let best: Reach | undefined;
  for (const candidate of coverTogether(used, open) ? used : candidates) {
    const reach = reachOf(candidate, open);
    if (reach.units > 0 && (best === undefined || compare(reach, best) < 0)) best = reach;
  }
  assert(best !== undefined, 'open demand is on offer somewhere');
  return best;
}

function coverTogether(candidates: readonly Candidate[], open: ReadonlyMap<Sku, number>): boolean {
  return [...open].every(
    ([sku, wanted]) => candidates.reduce((sum, { unspent }) => sum + (unspent.get(sku) ?? 0), 0) >= wanted,
  );
}

function reachOf(candidate: Candidate, open: ReadonlyMap<Sku, number>): Reach {
  let wholeLines = 0;
  let units = 0;
  for (const [sku, wanted] of open) {
    const quantity = Math.min(wanted, candidate.unspent.get(sku) ?? 0);
    if (quantity === wanted) wholeLines += 1;
    units += quantity;
  }
  return { candidate, wholeLines, units };
}

/** Below zero when the first is better. */
function compare(a: Reach, b: Reach): number {
  return (
    b.wholeLines - a.wholeLines ||
    Number(b.candidate.isUsed) - Number(a.candidate.isUsed) ||
    b.units - a.units ||
    Number(a.candidate.isSilent) - Number(b.candidate.isSilent) ||
    a.candidate.priority - b.candidate.priority ||
    (a.candidate.warehouse < b.candidate.warehouse ? -1 : 1)
  );
}

function inOrder(holds: ReadonlyMap<Candidate, ReadonlyMap<Sku, number>>): readonly SourcedHold[] {
  const rows = [...holds].flatMap(([{ warehouse }, taken]) =>
    [...taken].map(([sku, quantity]): SourcedHold => ({ sku, warehouse, quantity })),
  );
  return rows.sort((a, b) => order(a.warehouse, b.warehouse) || order(a.sku, b.sku));
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
