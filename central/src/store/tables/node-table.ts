import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { Heard, NodeRecord } from '../../rules/node-record.ts';

/** Reads the rows of `node`. */
export interface NodeReader {
  get(warehouse: WarehouseId): Awaitable<NodeRecord | undefined>;
  /** By id. */
  all(): Awaitable<readonly NodeRecord[]>;
  count(): Awaitable<number>;
}

/** Writes the rows of `node`; every method belongs inside a transaction of its caller. */
export interface NodeWriter {
  insert(
    node: { readonly warehouse: WarehouseId; readonly epoch: number; readonly instance: string },
    now: number,
  ): Awaitable<void>;
  /** The cursor never falls, and the clock of a delta that could not be read (0) does not replace a known one. */
  advance(
    warehouse: WarehouseId,
    cursor: { readonly sequence: number; readonly hash: Uint8Array; readonly lastDeltaAt: number },
    now: number,
  ): Awaitable<void>;
  /** The effects of central's directives up to here are in the log up to the cursor: never beyond what was written, nor back. */
  cover(warehouse: WarehouseId, directive: number): Awaitable<void>;
  /** The node was given a later epoch by a central that this one does not remember: nothing else is to be done when it was not. */
  beginLater(node: {
    readonly warehouse: WarehouseId;
    readonly epoch: number;
    readonly instance: string;
  }): Awaitable<void>;
  /** The first reason stays. */
  fence(warehouse: WarehouseId, reason: string, now: number): Awaitable<void>;
  /** One of each node. Before its last heartbeat is overwritten, what it proved is kept (the rule is `knownByHeartbeat`). */
  hear(heard: readonly Heard[]): Awaitable<void>;
  /** No time of a row is later than `now`. */
  clampTimes(now: number): Awaitable<void>;
}
