import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';

/** Central's epochs. Writes belong inside a transaction of the caller. */
export interface EpochTable {
  current(): Awaitable<number>;
  /** Another life begins with it: revisions that went out since the backup were of other answers. */
  begin(epoch: number, now: number, reason: string): Awaitable<void>;
  /** The logs down begin anew, empty; a rejoin that is asked for again begins with them. */
  forgetDown(): Awaitable<void>;
}

/**
 * Warehouses of which nothing is promised for now, since this epoch of central has not all that their nodes know. Writes belong
 * inside a transaction of the caller.
 */
export interface UnsettledTable {
  /** Forgets what a transaction that failed has left. */
  begin(): void;
  has(warehouse: WarehouseId): Awaitable<boolean>;
  /** Every warehouse, and none of them heard. */
  addAll(): Awaitable<void>;
  /** Its node stands there in this epoch. False when that is no news: the first word counts. */
  state(warehouse: WarehouseId, sequence: number): Awaitable<boolean>;
  /** Another installation goes on for the warehouse, with a log of its own: it has not said yet where it stands. */
  forget(warehouse: WarehouseId): Awaitable<void>;
  /** Those whose node's log central has up to the place that it stated, by id. */
  due(): Awaitable<readonly WarehouseId[]>;
}
