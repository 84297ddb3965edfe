import { parseWarehouseId } from '@edgestock/shared/inventory/ids';
import {
  chunkHash,
  type SnapshotManifest,
  type SnapshotReply,
  type SnapshotRequest,
  type SnapshotRow,
  snapshotRoot,
} from '@edgestock/shared/protocol/snapshot';
import { decodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import { must } from '@edgestock/shared/runtime/assert';

/** What central does with a snapshot, as docs/protocol.md "Snapshots" has it, in memory. */
export class ModelSnapshots {
  manifest: SnapshotManifest | undefined;
  chunks: Uint8Array[] = [];
  #taken = 0;
  /** The requests that came, in words. */
  readonly asked: string[] = [];
  /** What is answered instead, if anything. */
  instead: ((request: SnapshotRequest) => SnapshotReply | undefined) | undefined;

  get rows(): readonly SnapshotRow[] {
    return this.chunks.flatMap((bytes) => decodeSnapshotChunk(bytes).rows);
  }

  /** Central is another one, or was put back: what it staged is gone. */
  forget(): void {
    this.manifest = undefined;
    this.chunks = [];
    this.#taken = 0;
  }

  answer(request: SnapshotRequest, applied: number): SnapshotReply {
    this.asked.push(request.ask === 'chunk' ? `chunk ${request.index}` : request.ask);
    if (request.ask === 'begin') {
      if (request.manifest.sequence <= applied) return { outcome: 'taken', applied };
      if (request.root !== this.manifest?.root) this.forget();
      this.manifest = request.manifest;
      return this.#next();
    }
    const { manifest } = this;
    if (manifest?.root !== request.root) return { outcome: 'anew', reason: 'it is not known' };
    if (request.ask === 'chunk') {
      const bytes = Buffer.from(request.bytes, 'base64');
      if (request.index === this.chunks.length && chunkHash(bytes).toString('hex') === request.hash) {
        this.chunks.push(bytes);
        if (this.chunks.length === manifest.chunks && !this.#isWhole(request.warehouse, request.instance, manifest)) {
          this.forget();
          return { outcome: 'anew', reason: 'the root is another one' };
        }
      }
      return this.#next();
    }
    if (this.chunks.length < manifest.chunks) return this.#next();
    this.#taken += 1;
    return this.#taken < manifest.chunks
      ? { outcome: 'take', taken: this.#taken }
      : { outcome: 'taken', applied: manifest.sequence };
  }

  #isWhole(warehouse: string, instance: string, manifest: SnapshotManifest): boolean {
    const { epoch, sequence, hash, rows } = manifest;
    const id = must(parseWarehouseId(warehouse), 'a warehouse id');
    const facts = { warehouse: id, epoch, instance, sequence, hash: Buffer.from(hash, 'hex'), rows };
    return snapshotRoot(facts, this.chunks.map(chunkHash)).toString('hex') === manifest.root;
  }

  #next(): SnapshotReply {
    const { length: staged } = this.chunks;
    if (staged < (this.manifest?.chunks ?? 0)) return { outcome: 'send', index: staged };
    return { outcome: 'take', taken: this.#taken };
  }
}
