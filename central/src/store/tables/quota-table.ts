import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { QuotaTerms } from '@edgestock/shared/inventory/quota';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { Channel } from '../../rules/channel.ts';
import type { QuotaState } from '../../rules/policy-recall.ts';
import type { Offer, SourcedHold } from '../../rules/sourcing.ts';
import type { DeficitPlace } from './position-table.ts';

/** What central knows of a position's quota, and of the goods behind it. */
export type KnownQuota = QuotaState & { readonly sku: Sku };

/** What a channel may promise of a SKU, its buffer taken off, and from where that could be served. */
export type Offered = { readonly available: number; readonly offers: readonly Offer[] };

/** What went back to a node of a SKU now, and ever. */
export type GivenBack = { readonly sku: Sku; readonly units: number; readonly total: number };

export type HeldUnits = { readonly warehouse: WarehouseId; readonly quantity: number };

/**
 * Central's side of each quota: what is held, allocated and given back of the units that nodes granted. Unspent is what is
 * left, and no statement here lets it fall below zero (P3): asked for more, it throws. The answers change with it. Inside a
 * transaction of the caller.
 */
export interface QuotaTable {
  /** Forgets what a transaction that failed has left. */
  begin(): void;
  /** From where a channel could serve a SKU: nothing of a warehouse that is not settled. A fenced node counts as silent: its quota stands, but nobody may answer for it. */
  offers(channel: Channel, sku: Sku, now: number): Awaitable<readonly Offer[]>;
  /** The same of several SKUs, each named once, and what the channel may promise of each; no offers where that is nothing. */
  offered(channel: Channel, skus: readonly Sku[], now: number): Awaitable<ReadonlyMap<Sku, Offered>>;
  /**
   * Sets units aside that a channel promises, each place named once. They must be unspent in each warehouse, and in the channel
   * beyond its buffer.
   */
  hold(channel: Channel, holds: readonly SourcedHold[]): Awaitable<void>;
  /** Sets units aside for promises that know of the buffer, or may use what it keeps, since they were made once. Each place is named once. */
  holdMoved(holds: readonly SourcedHold[]): Awaitable<void>;
  /** Where units were freed since this was last asked. */
  takeFreed(): readonly DeficitPlace[];
  /** Held units are promised to nobody any more. Each place is named once. */
  free(holds: readonly SourcedHold[]): Awaitable<void>;
  /** Held units are sent to their nodes as allocations. What is unspent stays the same. Each place is named once. */
  allocate(holds: readonly SourcedHold[]): Awaitable<void>;
  /**
   * Gives back up to so many unspent units of each SKU, which is named once, and of a warehouse that is not settled none; tells how
   * many, and the new totals, in the order asked.
   */
  giveBack(warehouse: WarehouseId, lines: readonly SkuQuantity[]): Awaitable<readonly GivenBack[]>;
  /** Promised units without goods behind them, less what is on its way back to the node already. */
  deficit(sku: Sku, warehouse: WarehouseId): Awaitable<number>;
  /** Those of the places that have a deficit, in the order asked. */
  inDeficit(places: readonly DeficitPlace[]): Awaitable<readonly DeficitPlace[]>;
  /** So many units are in tasks that the node has not heard of: they come on top of what it has allocated. */
  countUnheard(sku: Sku, warehouse: WarehouseId, units: number): Awaitable<void>;
  /** Takes back what was given back without the node hearing of it, at most so many units; tells how many. */
  takeBackUnheard(sku: Sku, warehouse: WarehouseId, units: number): Awaitable<number>;
  /** A task that the node has never heard of is not sent to it. */
  withdraw(sku: Sku, units: HeldUnits): Awaitable<void>;
  /** Units of a warehouse that are held beyond its quota: only where central was restored from a backup. */
  overheld(warehouse: WarehouseId): Awaitable<readonly { readonly sku: Sku; readonly units: number }[]>;
  /** Positions of a warehouse whose promises have no goods behind them, whoever made them. */
  missingAt(warehouse: WarehouseId): Awaitable<readonly DeficitPlace[]>;
  /** What was ever given back to a warehouse, where its node does not know all of it. */
  unheardReturns(warehouse: WarehouseId): Awaitable<readonly { readonly sku: Sku; readonly total: number }[]>;
  /** The positions of these SKUs that there are, in the order asked. */
  known(warehouse: WarehouseId, skus: readonly Sku[]): Awaitable<readonly KnownQuota[]>;
  /** The positions of a warehouse behind a SKU, in the order of their SKUs. */
  knownAfter(warehouse: WarehouseId, after: Sku | '', limit: number): Awaitable<readonly KnownQuota[]>;
  /** Where promises of these SKUs are held without goods behind them, in the order of the SKUs, at most so many of each. */
  shortPlaces(skus: readonly Sku[], limit: number): Awaitable<readonly DeficitPlace[]>;
}

/** Units of a position that go back to its node when they are promised to nobody any more. */
export type RecallDebt = {
  readonly units: number;
  /** The loosest policy that they may have been granted under. */
  readonly before: QuotaTerms;
};

/** Remembers what is owed, over the lives of central. Inside a transaction of the caller. */
export interface RecallDebtTable {
  of(warehouse: WarehouseId, skus: readonly Sku[]): Awaitable<ReadonlyMap<Sku, RecallDebt>>;
  /** Those of the places where something is owed, in the order asked. */
  owing(places: readonly DeficitPlace[]): Awaitable<readonly DeficitPlace[]>;
  skusOf(warehouse: WarehouseId): Awaitable<readonly Sku[]>;
  /** What is owed of each from now on; no units: nothing. */
  set(warehouse: WarehouseId, debts: ReadonlyMap<Sku, RecallDebt>): Awaitable<void>;
}
