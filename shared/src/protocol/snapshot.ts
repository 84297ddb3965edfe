import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Sku, WarehouseId } from '../inventory/ids.ts';
import type { Condition } from '../inventory/movement.ts';
import { hashHex, sequence } from './control.ts';
import type { StateRow } from './delta.ts';
import { wireLimits } from './limits.ts';
import type { LogIdentity } from './message.ts';
import { packed } from './packing.ts';
import { PROTOCOL_MAJOR } from './version.ts';

/**
 * What a node whose log no longer reaches back to central's cursor tells instead of the trimmed part: every position as it was
 * where its log begins (docs/protocol.md "Snapshots"). Rows travel in chunks, in the order of their SKUs.
 */
export type SnapshotChunk = LogIdentity & {
  /** The place in the node's log that the rows are of. */
  readonly sequence: number;
  /** Counts the chunks of one snapshot from 0. */
  readonly index: number;
  readonly schema: number;
  readonly rows: readonly SnapshotRow[];
};

/** A position, and what books that begin here must know of it. A SKU with very many places has several rows, one after the other. */
export type SnapshotRow = Omit<StateRow, 'at'> & {
  readonly places: readonly SnapshotPlace[];
  readonly expiries: readonly SnapshotExpiry[];
  readonly setAsides: readonly SnapshotSetAside[];
};

export type SnapshotPlace = {
  readonly bin: string;
  readonly lot: string;
  readonly condition: Condition;
  readonly quantity: number;
};

export type SnapshotExpiry = { readonly lot: string; readonly expiry: string };

/** What the units are set aside for: a reservation that is held or confirmed, a task of an order, a transfer that is planned. */
export const setAsideHolders = ['held', 'confirmed', 'task', 'transfer'] as const;
export type SetAsideHolder = (typeof setAsideHolders)[number];

export type SnapshotSetAside = {
  readonly holder: SetAsideHolder;
  readonly document: string;
  /** Units that are set aside for it; of a task there may be none left, and it is told all the same. */
  readonly quantity: number;
  /** Units of a task that were given up, and that were shipped. */
  readonly released: number;
  readonly shipped: number;
  /** Where a transfer goes to. */
  readonly otherWarehouse?: WarehouseId;
};

/** What a snapshot is, before any of it is sent. */
export const snapshotManifest = z.object({
  epoch: z.number().int().positive(),
  /** The place in the node's log, and the chain hash there. */
  sequence: z.number().int().positive(),
  hash: hashHex,
  rows: sequence.max(wireLimits.snapshotRowsMax),
  chunks: z.number().int().positive().max(wireLimits.snapshotChunksMax),
  /** Over all of the above, whose it is, and the hash of each chunk (`snapshotRoot`). */
  root: hashHex,
  /** When it was made, by the node's wall clock, milliseconds since 1970 UTC: nothing in it is from after that. */
  at: z.number().int(),
});
export type SnapshotManifest = z.infer<typeof snapshotManifest>;

const asked = { warehouse: z.string(), instance: z.string().min(8).max(64), root: hashHex };

/** JSON over core NATS, one request at a time. Each may be repeated: the answer says what central wants next. */
export const snapshotRequest = z.discriminatedUnion('ask', [
  z.object({ ask: z.literal('begin'), ...asked, manifest: snapshotManifest }),
  z.object({ ask: z.literal('chunk'), ...asked, index: sequence, hash: hashHex, bytes: z.string() }),
  /** All chunks are there: take over the next of them. */
  z.object({ ask: z.literal('take'), ...asked }),
]);
export type SnapshotRequest = z.infer<typeof snapshotRequest>;

export const snapshotReply = z.discriminatedUnion('outcome', [
  /** Send this chunk. */
  z.object({ outcome: z.literal('send'), index: sequence }),
  /** All are there and what the manifest says; so many of them are taken over. */
  z.object({ outcome: z.literal('take'), taken: sequence }),
  /** Central stands at its place, or beyond: the log goes on from there. */
  z.object({ outcome: z.literal('taken'), applied: sequence }),
  /** What is there is of no use, or nothing is: begin again. */
  z.object({ outcome: z.literal('anew'), reason: z.string() }),
  z.object({ outcome: z.literal('refused'), reason: z.string(), hint: z.string() }),
]);
export type SnapshotReply = z.infer<typeof snapshotReply>;

/** The hash of a chunk, as it is sent. */
export function chunkHash(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** One hash over whose snapshot it is, its place, its size, and the hashes of its chunks in their order. */
export function snapshotRoot(
  facts: LogIdentity & { readonly sequence: number; readonly hash: Uint8Array; readonly rows: number },
  chunkHashes: readonly Uint8Array[],
): Buffer {
  const { warehouse, epoch, instance, sequence, rows } = facts;
  const head = packed([PROTOCOL_MAJOR, warehouse, epoch, instance, sequence, facts.hash, rows, chunkHashes.length]);
  return hash('sha256', Buffer.concat([head, ...chunkHashes]), 'buffer');
}

/** The order of the rows: by code point, as both databases sort SKUs. */
export function compareSkus(one: Sku | '', other: Sku | ''): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
