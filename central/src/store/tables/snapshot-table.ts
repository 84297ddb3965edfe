import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import type { SnapshotManifest } from '@edgestock/shared/protocol/snapshot';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { KeptSnapshot } from '../central-store.ts';

/** One that is coming in. */
export type StagedSnapshot = Omit<KeptSnapshot, 'acceptedAt'> & {
  readonly id: number;
  /** Chunks whose positions are taken over. */
  readonly taken: number;
  /** Chunks that are there, the rows in them, and the last SKU. */
  readonly staged: number;
  readonly stagedRows: number;
  readonly lastSku: Sku | '';
};

/** Reads the snapshots with which logs begin. */
export interface SnapshotReader {
  /** Some of the positions are taken over of one by whoever writes this log, and not all. */
  isTaking(log: LogIdentity): Awaitable<boolean>;
  /** The one with which the log of a warehouse begins here. */
  kept(warehouse: WarehouseId): Awaitable<KeptSnapshot | undefined>;
  /** The chunk of it that would hold a SKU. */
  chunkWith(warehouse: WarehouseId, sku: Sku): Awaitable<Uint8Array | undefined>;
}

/** Stages snapshots beside the live tables; every method belongs inside a transaction of its caller. */
export interface SnapshotWriter {
  comingIn(warehouse: WarehouseId): Awaitable<StagedSnapshot | undefined>;
  begin(warehouse: WarehouseId, instance: string, manifest: SnapshotManifest, now: number): Awaitable<void>;
  /** The next chunk. */
  put(
    coming: StagedSnapshot,
    chunk: {
      readonly hash: Uint8Array;
      readonly rows: number;
      readonly lastSku: string;
      readonly bytes: Uint8Array;
    },
    now: number,
  ): Awaitable<void>;
  /** Of all chunks, in their order. */
  hashes(coming: StagedSnapshot): Awaitable<readonly Uint8Array[]>;
  /** It must be there. */
  bytes(coming: StagedSnapshot, chunk: number): Awaitable<Uint8Array>;
  /** The last SKU up to the end of a chunk, which must be there. */
  lastSku(coming: StagedSnapshot, chunk: number): Awaitable<Sku | ''>;
  /** So many chunks are taken over. */
  take(coming: StagedSnapshot, taken: number, now: number): Awaitable<void>;
  /** With it the log of its warehouse begins from now on; the one before goes. */
  accept(warehouse: WarehouseId, coming: StagedSnapshot, now: number): Awaitable<void>;
  drop(coming: StagedSnapshot): Awaitable<void>;
  /** Those that nobody has added to since. */
  dropStale(before: number): Awaitable<void>;
}
