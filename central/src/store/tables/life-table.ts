import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { NodeLife } from '../../rules/rejoin.ts';

/** When an installation lost its warehouse to another, and in which epoch that one goes on. */
export type Overtaken = { readonly epoch: number; readonly at: number };

/** Reads the lives of nodes that have rejoined. */
export interface LifeReader {
  /** The life that this installation began, if it has rejoined. */
  of(warehouse: WarehouseId, instance: string): Awaitable<NodeLife | undefined>;
  /** When this installation lost the warehouse. */
  overtaken(warehouse: WarehouseId, instance: string): Awaitable<Overtaken | undefined>;
  /** How many states had gone ahead of the log when this life began. */
  stateCount(warehouse: WarehouseId, epoch: number): Awaitable<number>;
}

/** A position whose state came ahead of its history, and the place of its last delta that came with the log (0 = none did). */
export type StateAheadOfLog = { readonly sku: Sku; readonly logSequence: number };

/** Begins lives; every method belongs inside a transaction of its caller. */
export interface LifeWriter {
  /**
   * The one place where what a node is known to have carried out goes back: it begins again at the end of its log. What the
   * life before said of itself holds for this one no more; up to when it was known is kept (P8).
   */
  begin(warehouse: WarehouseId, life: NodeLife, previousInstance: string): Awaitable<void>;
  /** How many states are ahead of a place of the log. */
  statesAhead(warehouse: WarehouseId, applied: number): Awaitable<number>;
  /** Those states. */
  ahead(warehouse: WarehouseId, applied: number): Awaitable<readonly StateAheadOfLog[]>;
  /** Keeps what they said with the life that begins, and gives them the place and version that the log shows. */
  settle(
    warehouse: WarehouseId,
    epoch: number,
    placed: readonly { readonly sku: Sku; readonly sequence: number; readonly version: number }[],
  ): Awaitable<void>;
}
