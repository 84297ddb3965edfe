import type { Sku } from '@edgestock/shared/inventory/ids';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import {
  chunkHash,
  compareSkus,
  type SnapshotManifest,
  type SnapshotRow,
  snapshotRoot,
} from '@edgestock/shared/protocol/snapshot';
import { encodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import { must } from '@edgestock/shared/runtime/assert';
import type { OfferedChunk } from '../store/central-store.ts';
import type { NodeLog } from './node-log.ts';

/** What a node says of itself that has trimmed its log up to a place. */
export class NodeSnapshot {
  readonly instance: string;
  readonly manifest: SnapshotManifest;
  readonly chunks: readonly Uint8Array[];

  constructor(log: NodeLog, sequence: number, options: { rowsPerChunk?: number; rows?: readonly SnapshotRow[] } = {}) {
    const { warehouse, epoch, instance } = log;
    const { rowsPerChunk = 2, rows = rowsOf(log, sequence) } = options;
    this.instance = instance;
    const pages: (readonly SnapshotRow[])[] = [];
    for (let from = 0; from === 0 || from < rows.length; from += rowsPerChunk)
      pages.push(rows.slice(from, from + rowsPerChunk));
    this.chunks = pages.map((some, index) =>
      encodeSnapshotChunk({ warehouse, epoch, instance, sequence, index, schema: 3, rows: some }),
    );
    const hash = must(log.hashes[sequence], 'a hash');
    const root = snapshotRoot(
      { warehouse, epoch, instance, sequence, hash, rows: rows.length },
      this.chunks.map(chunkHash),
    );
    this.manifest = {
      ...{ epoch, sequence, hash: Buffer.from(hash).toString('hex'), rows: rows.length, chunks: pages.length },
      ...{ root: root.toString('hex'), at: 1_700_000_000_000 },
    };
  }

  get offered() {
    return { instance: this.instance, manifest: this.manifest };
  }

  get asked() {
    return { instance: this.instance, root: this.manifest.root };
  }

  chunk(index: number, bytes = must(this.chunks[index], 'a chunk')): OfferedChunk {
    return { ...this.asked, index, hash: chunkHash(bytes), bytes };
  }
}

/** The positions at a place of a log, in the order of their SKUs. */
export function rowsOf(log: NodeLog, sequence: number): SnapshotRow[] {
  const rows = new Map<Sku, SnapshotRow>();
  for (const [index, bytes] of log.deltas.slice(0, sequence).entries()) {
    const { sku, version, state } = decodeDelta(bytes);
    rows.set(sku, { sku, version, sequence: index + 1, state, places: [], expiries: [], setAsides: [] });
  }
  return [...rows.values()].sort((a, b) => compareSkus(a.sku, b.sku));
}
