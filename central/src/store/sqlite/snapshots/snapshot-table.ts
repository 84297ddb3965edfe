import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import type { SnapshotManifest } from '@edgestock/shared/protocol/snapshot';
import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import type { KeptSnapshot } from '../../central-store.ts';
import type { SnapshotReader, SnapshotWriter, StagedSnapshot } from '../../tables/snapshot-table.ts';

type KeptRow = Omit<KeptSnapshot, 'hash' | 'root'> & { hash: Buffer; root: Buffer };

const FACTS = 'id, epoch, instance, sequence, hash, rows, chunks, root, at, taken';

/** Reads the snapshots with which logs begin. */
export class SqliteSnapshotReader implements SnapshotReader {
  readonly #kept: Statement<[string], KeptRow>;
  readonly #chunk: Statement<[string, number], { bytes: Buffer }>;
  readonly #holding: Statement<[string, string], { bytes: Buffer }>;
  readonly #taking: Statement<[string, number, string], { one: number }>;

  constructor(database: Database) {
    this.#kept = database.prepare(`
      SELECT epoch, instance, sequence, hash, rows, chunks, root, at, accepted_at AS acceptedAt FROM snapshot
      WHERE warehouse = ? AND accepted_at IS NOT NULL`);
    this.#chunk = database.prepare(`
      SELECT c.bytes FROM snapshot s JOIN snapshot_chunk c ON c.snapshot = s.id
      WHERE s.warehouse = ? AND s.accepted_at IS NOT NULL AND c.chunk = ?`);
    this.#holding = database.prepare(`
      SELECT c.bytes FROM snapshot s JOIN snapshot_chunk c ON c.snapshot = s.id
      WHERE s.warehouse = ? AND s.accepted_at IS NOT NULL AND c.last_sku >= ? ORDER BY c.chunk LIMIT 1`);
    this.#taking = database.prepare(`
      SELECT 1 AS one FROM snapshot
      WHERE warehouse = ? AND accepted_at IS NULL AND epoch = ? AND instance = ? AND taken > 0`);
  }

  /** Some of the positions are taken over of one by whoever writes this log, and not all. */
  isTaking({ warehouse, epoch, instance }: LogIdentity): boolean {
    return this.#taking.get(warehouse, epoch, instance) !== undefined;
  }

  /** The one with which the log of a warehouse begins here. */
  kept(warehouse: WarehouseId): KeptSnapshot | undefined {
    return this.#kept.get(warehouse);
  }

  chunkWith(warehouse: WarehouseId, sku: Sku): Uint8Array | undefined {
    return this.#holding.get(warehouse, sku)?.bytes;
  }

  keptChunk(warehouse: WarehouseId, chunk: number): Uint8Array | undefined {
    return this.#chunk.get(warehouse, chunk)?.bytes;
  }
}

/** Stages snapshots beside the live tables; every method belongs inside a transaction of its caller. */
export class SqliteSnapshotWriter implements SnapshotWriter {
  readonly #coming: Statement<[string], Omit<StagedSnapshot, 'staged' | 'stagedRows' | 'lastSku'>>;
  readonly #staged: Statement<[number], { staged: number; rows: number; last: Sku | '' | null }>;
  readonly #begin: Statement<(string | number | Uint8Array)[]>;
  readonly #put: Statement<[number, number, Uint8Array, number, string, Uint8Array]>;
  readonly #touch: Statement<[number, number]>;
  readonly #hashes: Statement<[number], { hash: Buffer }>;
  readonly #bytes: Statement<[number, number], { bytes: Buffer }>;
  readonly #lastSku: Statement<[number, number], { last: Sku | '' }>;
  readonly #take: Statement<[number, number, number]>;
  readonly #accept: Statement<[number, number]>;
  readonly #ids: Statement<[{ warehouse: string; id: number; before: number }], { id: number }>;
  readonly #dropChunks: Statement<[number]>;
  readonly #drop: Statement<[number]>;

  constructor(database: Database) {
    this.#coming = database.prepare(`SELECT ${FACTS} FROM snapshot WHERE warehouse = ? AND accepted_at IS NULL`);
    this.#staged = database.prepare(`
      SELECT count(*) AS staged, coalesce(sum(rows), 0) AS rows,
        (SELECT last_sku FROM snapshot_chunk l WHERE l.snapshot = c.snapshot ORDER BY chunk DESC LIMIT 1) AS last
      FROM snapshot_chunk c WHERE snapshot = ?`);
    this.#begin = database.prepare(`
      INSERT INTO snapshot (warehouse, epoch, instance, sequence, hash, rows, chunks, root, at, touched_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#put = database.prepare(
      'INSERT INTO snapshot_chunk (snapshot, chunk, hash, rows, last_sku, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#touch = database.prepare('UPDATE snapshot SET touched_at = ? WHERE id = ?');
    this.#hashes = database.prepare('SELECT hash FROM snapshot_chunk WHERE snapshot = ? ORDER BY chunk');
    this.#bytes = database.prepare('SELECT bytes FROM snapshot_chunk WHERE snapshot = ? AND chunk = ?');
    this.#lastSku = database.prepare('SELECT last_sku AS last FROM snapshot_chunk WHERE snapshot = ? AND chunk = ?');
    this.#take = database.prepare('UPDATE snapshot SET taken = ?, touched_at = ? WHERE id = ?');
    this.#accept = database.prepare('UPDATE snapshot SET accepted_at = ? WHERE id = ?');
    // Those of the warehouse but one, and those of others that nobody goes on with.
    this.#ids = database.prepare(`
      SELECT id FROM snapshot WHERE warehouse = @warehouse AND accepted_at IS NOT NULL AND id <> @id
      UNION SELECT id FROM snapshot WHERE accepted_at IS NULL AND id <> @id AND touched_at < @before`);
    this.#dropChunks = database.prepare('DELETE FROM snapshot_chunk WHERE snapshot = ?');
    this.#drop = database.prepare('DELETE FROM snapshot WHERE id = ?');
  }

  comingIn(warehouse: WarehouseId): StagedSnapshot | undefined {
    const row = this.#coming.get(warehouse);
    if (row === undefined) return undefined;
    const { staged, rows, last } = must(this.#staged.get(row.id), 'a count has one row');
    return { ...row, staged, stagedRows: rows, lastSku: last ?? '' };
  }

  begin(warehouse: WarehouseId, instance: string, manifest: SnapshotManifest, now: number): void {
    const { epoch, sequence, hash, rows, chunks, root, at } = manifest;
    this.#begin.run(
      ...[
        warehouse,
        epoch,
        instance,
        sequence,
        Buffer.from(hash, 'hex'),
        rows,
        chunks,
        Buffer.from(root, 'hex'),
        at,
        now,
      ],
    );
  }

  put(
    { id, staged }: StagedSnapshot,
    chunk: { readonly hash: Uint8Array; readonly rows: number; readonly lastSku: string; readonly bytes: Uint8Array },
    now: number,
  ): void {
    this.#put.run(id, staged, chunk.hash, chunk.rows, chunk.lastSku, chunk.bytes);
    this.#touch.run(now, id);
  }

  hashes({ id }: StagedSnapshot): readonly Uint8Array[] {
    return this.#hashes.all(id).map(({ hash }) => hash);
  }

  bytes({ id }: StagedSnapshot, chunk: number): Uint8Array {
    return must(this.#bytes.get(id, chunk), 'all chunks are there').bytes;
  }

  /** The last SKU up to the end of a chunk. */
  lastSku({ id }: StagedSnapshot, chunk: number): Sku | '' {
    return must(this.#lastSku.get(id, chunk), 'all chunks are there').last;
  }

  take({ id }: StagedSnapshot, taken: number, now: number): void {
    this.#take.run(taken, now, id);
  }

  /** With it the log of its warehouse begins from now on. */
  accept(warehouse: WarehouseId, { id }: StagedSnapshot, now: number): void {
    for (const one of this.#ids.all({ warehouse, id, before: 0 })) this.drop(one);
    this.#accept.run(now, id);
  }

  drop({ id }: { readonly id: number }): void {
    this.#dropChunks.run(id);
    this.#drop.run(id);
  }

  /** Those that nobody has added to since. */
  dropStale(before: number): void {
    for (const one of this.#ids.all({ warehouse: '', id: 0, before })) this.drop(one);
  }
}
