import type { PlacedPosition } from '@edgestock/shared/inventory/counted-positions';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateRow } from '@edgestock/shared/protocol/delta';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';

/** A position whose goods do not cover what it has promised. */
export type DeficitPlace = { readonly warehouse: WarehouseId; readonly sku: Sku };

/** A position that was written, as it was and as it is. */
export type PositionChange = {
  readonly warehouse: WarehouseId;
  readonly sku: Sku;
  readonly before: PlacedPosition | undefined;
  readonly after: PlacedPosition;
};

export type PositionsWritten = {
  /** Where goods are missing as far as the newer states say. */
  readonly deficits: readonly DeficitPlace[];
  /** Only of newer states. */
  readonly changes: readonly PositionChange[];
};

/**
 * Writes positions and, with them, the materialised answer of their SKU: both or neither. The hot path of ingest. What a
 * transaction brings is collected first, without waiting for anything, and written by `write`, each position and each answer
 * once and in key order. What a newer state is, and what follows from it, is for `mergePosition` to say.
 */
export interface PositionWriter {
  /** Forgets what a transaction that failed has left. */
  begin(): void;
  /** Takes the state over if it is newer; `logSequence` is 0 for a state that came ahead of its history. */
  put(warehouse: WarehouseId, row: StateRow, logSequence: number): void;
  /** Marks the state as older than what the node has, unless a newer one has come already or still comes. */
  suspect(warehouse: WarehouseId, sku: Sku, version: number): void;
  /** Writes what was collected, and the answers with it. */
  write(): Awaitable<PositionsWritten>;
}

/** A position as central has it, with its own side of the quota. */
export type KnownPlacedPosition = {
  readonly position: PlacedPosition;
  readonly atCentral: { readonly returned: number; readonly allocatedSent: number };
};

/**
 * Writes positions whatever versions they have, past their order; the answers are their caller's. Inside a transaction of the
 * caller, with nothing collected in the writer of positions.
 */
export interface PositionRepairTable {
  /** Those that are there. */
  known(warehouse: WarehouseId, skus: readonly Sku[]): Awaitable<ReadonlyMap<Sku, KnownPlacedPosition>>;
  /**
   * Makes positions, each named once, what their node says; central's own totals never fall. Of a settled warehouse, quota that
   * central has spent or given back stays counted as granted: what was promised was promised.
   */
  replace(warehouse: WarehouseId, rows: readonly StateRow[], is: { readonly isSettled: boolean }): Awaitable<void>;
  /** The node does not have them; quota that central has spent or given back stays counted. */
  empty(warehouse: WarehouseId, skus: readonly Sku[]): Awaitable<void>;
  /** Where their history begins: a walk from there finds nothing, which is true, instead of an older movement. */
  advanceLog(warehouse: WarehouseId, rows: readonly Pick<StateRow, 'sku' | 'sequence'>[]): Awaitable<void>;
  /** SKUs that the node has told of, behind the first and up to the second; without it up to the last. */
  between(warehouse: WarehouseId, after: Sku | '', upTo: Sku | undefined): Awaitable<readonly Sku[]>;
  /** SKUs of a warehouse behind one, in their order. */
  skusAfter(warehouse: WarehouseId, after: Sku | '', limit: number): Awaitable<readonly Sku[]>;
}

/** Reads positions as they are digested, and puts places right that have rotted. */
export interface PositionDigestTable {
  /** Whether another process has written since this was last asked: what was counted may not be what is there. */
  isTakenOver(): boolean;
  /** Positions that the node has told of, behind a SKU, in the order of their SKUs. */
  page(
    warehouse: WarehouseId,
    after: Sku | '',
    limit: number,
  ): Awaitable<readonly { readonly sku: Sku; readonly position: PlacedPosition }[]>;
  /** Positions that say they are of a place beyond this one get that which the log shows; tells how many. Inside a transaction. */
  placeByLog(warehouse: WarehouseId, beyond: number): Awaitable<number>;
}
