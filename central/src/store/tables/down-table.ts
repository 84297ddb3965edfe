import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';

/** Reads the logs of directives, one for each node. */
export interface DownLog {
  /** The chain hash at a place; `undefined` where the log does not hold it. */
  hashAt(warehouse: WarehouseId, sequence: number): Awaitable<Uint8Array | undefined>;
  /** Up to where the effects of the directives are in the node's log as central has it; 0 where it is not enrolled. */
  covered(warehouse: WarehouseId): Awaitable<number>;
}

export type Directed = { readonly warehouse: WarehouseId; readonly directive: Uint8Array };

/** Appends to the logs down, inside a transaction of its caller (between `begin` and `end`). */
export interface DownLogWriter {
  /** Forgets what a transaction that failed has left. */
  begin(): void;
  /** Returns its place. */
  append(warehouse: WarehouseId, directive: Uint8Array): Awaitable<number>;
  /** In this order: to several nodes, or several to one. */
  appendEach(directives: readonly Directed[]): Awaitable<void>;
  /** The same directive to several nodes; its bytes are stored once. */
  appendToAll(warehouses: readonly WarehouseId[], directive: Uint8Array): Awaitable<void>;
  /** Never backwards, and never beyond what was written. */
  carriedOut(warehouse: WarehouseId, sequence: number): Awaitable<void>;
  /** Writes what was collected; the nodes whose logs grew, by id. */
  end(): Awaitable<readonly WarehouseId[]>;
}

/** How a log down stands when it is to be trimmed. */
export type TrimmableLog = {
  readonly warehouse: WarehouseId;
  /** Carried out, and its effects in the node's log as central has it: what a node that is rebuilt from that need not be told again. */
  readonly carriedOut: number;
  readonly trimmed: number;
  /** When it was last noted how far it was carried out. */
  readonly markedAt: number | null;
  /** What was carried out before the moment that was asked for, as far as it was noted. */
  readonly past: number | null;
};

/** The beginnings of the logs down; inside a transaction of the caller. */
export interface DownTrimTable {
  /** By id. */
  logs(before: number): Awaitable<readonly TrimmableLog[]>;
  mark(warehouse: WarehouseId, at: number, carriedOut: number): Awaitable<void>;
  /** Drops the marks up to a moment that say no more than that it was carried out up to a place. */
  unmark(warehouse: WarehouseId, upToAt: number, upTo: number): Awaitable<void>;
  /** Drops the log up to a place, of which the hash stays; false when it does not hold that. */
  drop(warehouse: WarehouseId, upTo: number): Awaitable<boolean>;
}
