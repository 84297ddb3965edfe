import type { Sku } from '@edgestock/shared/inventory/ids';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { chunkHash, type SnapshotManifest, type SnapshotRow, snapshotRoot } from '@edgestock/shared/protocol/snapshot';
import { encodeSnapshotChunk, snapshotRowBytes } from '@edgestock/shared/protocol/snapshot-codec';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { assert, must } from '@edgestock/shared/runtime/assert';
import { replicationLimits as limits } from './limits.ts';
import { nextTurn } from './next-turn.ts';
import type { ReplicationLog } from './replication-log.ts';

/** Where a chunk begins: behind a SKU, and behind so many rows of the next one. */
type ChunkStart = { readonly after: Sku | ''; readonly skip: number };

type BuiltChunk = {
  readonly bytes: Uint8Array;
  readonly rows: number;
  /** Where the next one begins; absent behind the last. */
  readonly next: ChunkStart | undefined;
};

/**
 * A snapshot as it is about to be sent: read through once to know its root, and where each chunk begins. Any chunk can then be
 * made again, byte for byte, so none is kept. Tills go first: a few positions at a time.
 */
export class SnapshotPlan {
  readonly manifest: SnapshotManifest;
  readonly #log: ReplicationLog;
  readonly #starts: readonly ChunkStart[];

  private constructor(log: ReplicationLog, manifest: SnapshotManifest, starts: readonly ChunkStart[]) {
    this.#log = log;
    this.manifest = manifest;
    this.#starts = starts;
  }

  /** `undefined` when the signal aborted. `now` is the node's wall clock. */
  static async make(log: ReplicationLog, now: number, signal: AbortSignal): Promise<SnapshotPlan | undefined> {
    const identity = log.identity();
    const sequence = log.firstSequence() - 1;
    const hash = must(log.hashAt(sequence), 'the hash is known where the log begins');
    const starts: ChunkStart[] = [];
    const hashes: Uint8Array[] = [];
    let rows = 0;
    for (let start: ChunkStart | undefined = { after: '', skip: 0 }; start !== undefined; ) {
      const chunk: BuiltChunk | undefined = await build(log, { sequence, index: starts.length, start }, signal);
      if (chunk === undefined) return undefined;
      starts.push(start);
      hashes.push(chunkHash(chunk.bytes));
      rows += chunk.rows;
      start = chunk.next;
    }
    const root = snapshotRoot({ ...identity, sequence, hash, rows }, hashes).toString('hex');
    const facts = { epoch: identity.epoch, sequence, hash: Buffer.from(hash).toString('hex'), rows, root, at: now };
    return new SnapshotPlan(log, { ...facts, chunks: starts.length }, starts);
  }

  /** The log still begins where it did. */
  get isCurrent(): boolean {
    return this.#log.firstSequence() - 1 === this.manifest.sequence;
  }

  /** The bytes of a chunk; `undefined` when the signal aborted. */
  async chunk(index: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const start = must(this.#starts[index], 'central asks for chunks that there are');
    return (await build(this.#log, { sequence: this.manifest.sequence, index, start }, signal))?.bytes;
  }
}

async function build(
  log: ReplicationLog,
  { sequence, index, start }: { readonly sequence: number; readonly index: number; readonly start: ChunkStart },
  signal: AbortSignal,
): Promise<BuiltChunk | undefined> {
  const { warehouse, epoch, instance } = log.identity();
  const chunk = new OpenChunk(start);
  for (let after: Sku | '' | undefined = start.after; after !== undefined && !chunk.isClosed; ) {
    await nextTurn();
    if (signal.aborted) return undefined;
    const page: ReturnType<ReplicationLog['snapshotRowsAfter']> = log.snapshotRowsAfter(
      after,
      limits.snapshotReadsPerTurn,
    );
    for (const row of page.rows) if (!chunk.take(row)) break;
    after = page.last;
  }
  const { rows, next } = chunk;
  const bytes = encodeSnapshotChunk({ warehouse, epoch, instance, sequence, index, schema: SCHEMA_MAX, rows });
  assert(bytes.length <= wireLimits.snapshotChunkBytesMax, 'a closed chunk fits a request');
  return { bytes, rows: rows.length, next };
}

/** A chunk that is being filled. */
class OpenChunk {
  readonly rows: SnapshotRow[] = [];
  next: ChunkStart | undefined;
  #bytes = 0;
  /** Rows of the SKU at hand that are in this chunk or an earlier one, and the SKU before it. */
  #sku: Sku | undefined;
  #taken = 0;
  #before: Sku | '';
  #skip: number;

  constructor({ after, skip }: ChunkStart) {
    this.#before = after;
    this.#skip = skip;
  }

  /** There is a row that belongs to the next chunk. */
  get isClosed(): boolean {
    return this.next !== undefined;
  }

  /** False for a row that belongs to the next chunk. */
  take(row: SnapshotRow): boolean {
    if (row.sku !== this.#sku) {
      if (this.#sku !== undefined) this.#before = this.#sku;
      this.#sku = row.sku;
      this.#taken = 0;
    }
    if (this.#skip > 0) {
      this.#skip -= 1;
      this.#taken += 1;
      return true;
    }
    if (this.rows.length >= wireLimits.snapshotChunkRowsMax || this.#bytes >= wireLimits.snapshotChunkBytes) {
      this.next = { after: this.#before, skip: this.#taken };
      return false;
    }
    this.rows.push(row);
    this.#bytes += snapshotRowBytes(row);
    this.#taken += 1;
    return true;
  }
}
