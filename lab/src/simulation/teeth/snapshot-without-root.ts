import type { SqliteCentralStore } from '@edgestock/central/store/sqlite/central-store';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { type SnapshotManifest, snapshotRoot } from '@edgestock/shared/protocol/snapshot';
import Database from 'better-sqlite3';
import { over } from '../over.ts';
import type { Tooth } from '../tooth.ts';

/** One that is coming in: what the node says it is, and what came. */
type Coming = { readonly manifest: SnapshotManifest; readonly hashes: Uint8Array[]; root: string };

export const snapshotWithoutRoot: Tooth = {
  name: 'snapshot-without-root',
  breaks: 'central takes over the chunks of a snapshot as they came, without recomputing the root',
  showsIn: 'a chunk that was damaged before it was packed: its positions become the beginning of a log',
  seedsMax: 300,
  plant: () => ({ livesWith: 'history trimmed', centralStore: believing }),
};

/** The manifest's root is made that of the chunks which came, as soon as the last one is about to be looked at. */
function believing(store: SqliteCentralStore, { file }: { readonly file: string }): SqliteCentralStore {
  const coming = new Map<WarehouseId, Coming>();
  return over(store, {
    beginSnapshot: (warehouse, offered, now) => {
      const { manifest } = offered;
      const known = coming.get(warehouse);
      if (known?.manifest.root !== manifest.root || known.hashes.length === 0) {
        coming.set(warehouse, { manifest, hashes: [], root: manifest.root });
        return store.beginSnapshot(warehouse, offered, now);
      }
      return store.beginSnapshot(warehouse, { ...offered, manifest: { ...manifest, root: known.root } }, now);
    },
    putSnapshotChunk: async (warehouse, chunk, now) => {
      const known = coming.get(warehouse);
      if (known === undefined) return store.putSnapshotChunk(warehouse, chunk, now);
      const { manifest, hashes } = known;
      const isLast = chunk.index === hashes.length && chunk.index + 1 === manifest.chunks;
      if (isLast) {
        const { epoch, sequence, rows } = manifest;
        const of = {
          warehouse,
          instance: chunk.instance,
          epoch,
          sequence,
          rows,
          hash: Buffer.from(manifest.hash, 'hex'),
        };
        const root = snapshotRoot(of, [...hashes, chunk.hash]);
        believe(file, { before: known.root, root });
        known.root = root.toString('hex');
      }
      const taken = await store.putSnapshotChunk(warehouse, { ...chunk, root: known.root }, now);
      if (taken.event === 'staged') hashes.push(chunk.hash);
      return taken;
    },
    takeSnapshot: (warehouse, offered, now) => {
      const root = coming.get(warehouse)?.root ?? offered.root;
      return store.takeSnapshot(warehouse, { ...offered, root }, now);
    },
  });
}

function believe(file: string, { before, root }: { readonly before: string; readonly root: Uint8Array }): void {
  const database = new Database(file);
  const statement = database.prepare('UPDATE snapshot SET root = ? WHERE root = ? AND accepted_at IS NULL');
  statement.run(root, Buffer.from(before, 'hex'));
  database.close();
}
