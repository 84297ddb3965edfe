import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { UpBatch } from '@edgestock/shared/protocol/message';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';

export type LoggedDelta = { readonly sequence: number; readonly epoch: number; readonly bytes: Uint8Array };

/** The nodes' logs as central has them, one row per batch. */
export interface BatchLog {
  /** The delta of a sequence, or `undefined` when the log does not hold it. */
  delta(warehouse: WarehouseId, sequence: number): Awaitable<LoggedDelta | undefined>;
  /** The chain hash after a sequence, or `undefined` when the log neither holds it nor begins with a snapshot of that place. */
  hashAt(warehouse: WarehouseId, sequence: number): Awaitable<Uint8Array | undefined>;
  /** The first sequence that the log of a warehouse holds; `undefined` when it holds none. */
  firstSequence(warehouse: WarehouseId): Awaitable<number | undefined>;
}

/** Appends to the log of batches, inside a transaction of its caller. */
export interface BatchLogWriter {
  /** `firstSequence` is the first that this row adds, which may be later than the message's own. */
  append(
    batch: UpBatch,
    row: { readonly firstSequence: number; readonly bytes: Uint8Array },
    now: number,
  ): Awaitable<void>;
}
