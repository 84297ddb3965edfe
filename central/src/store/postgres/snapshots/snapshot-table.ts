import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { LogIdentity } from '@edgestock/shared/protocol/message';
import type { SnapshotManifest } from '@edgestock/shared/protocol/snapshot';
import { must } from '@edgestock/shared/runtime/assert';
import type { KeptSnapshot } from '../../central-store.ts';
import type { SnapshotReader, SnapshotWriter, StagedSnapshot } from '../../tables/snapshot-table.ts';
import { firstRow, type Session } from '../session.ts';

export class PostgresSnapshotReader implements SnapshotReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async isTaking({ warehouse, epoch, instance }: LogIdentity): Promise<boolean> {
    const row = await firstRow(
      this.#session,
      `SELECT 1 AS one FROM snapshot
       WHERE warehouse = $1 AND accepted_at IS NULL AND epoch = $2 AND instance = $3 AND taken > 0`,
      [warehouse, epoch, instance],
    );
    return row !== undefined;
  }

  kept(warehouse: WarehouseId): Promise<KeptSnapshot | undefined> {
    return firstRow<KeptSnapshot>(
      this.#session,
      `SELECT epoch, instance, sequence, hash, rows, chunks, root, at, accepted_at AS "acceptedAt" FROM snapshot
       WHERE warehouse = $1 AND accepted_at IS NOT NULL`,
      [warehouse],
    );
  }

  async chunkWith(warehouse: WarehouseId, sku: Sku): Promise<Uint8Array | undefined> {
    const row = await firstRow<{ bytes: Uint8Array }>(
      this.#session,
      `SELECT c.bytes FROM snapshot s JOIN snapshot_chunk c ON c.snapshot = s.id
       WHERE s.warehouse = $1 AND s.accepted_at IS NOT NULL AND c.last_sku >= $2 ORDER BY c.chunk LIMIT 1`,
      [warehouse, sku],
    );
    return row?.bytes;
  }

  /** A chunk of the one with which the log begins, as it came. */
  async keptChunk(warehouse: WarehouseId, chunk: number): Promise<Uint8Array | undefined> {
    const row = await firstRow<{ bytes: Uint8Array }>(
      this.#session,
      `SELECT c.bytes FROM snapshot s JOIN snapshot_chunk c ON c.snapshot = s.id
       WHERE s.warehouse = $1 AND s.accepted_at IS NOT NULL AND c.chunk = $2`,
      [warehouse, chunk],
    );
    return row?.bytes;
  }
}

type ComingRow = Omit<StagedSnapshot, 'lastSku'> & { readonly lastSku: Sku | '' | null };

export class PostgresSnapshotWriter implements SnapshotWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async comingIn(warehouse: WarehouseId): Promise<StagedSnapshot | undefined> {
    const row = await firstRow<ComingRow>(
      this.#session,
      `SELECT s.id, s.epoch, s.instance, s.sequence, s.hash, s.rows, s.chunks, s.root, s.at, s.taken,
         (SELECT count(*) FROM snapshot_chunk c WHERE c.snapshot = s.id) AS staged,
         (SELECT coalesce(sum(c.rows), 0)::bigint FROM snapshot_chunk c WHERE c.snapshot = s.id) AS "stagedRows",
         (SELECT c.last_sku FROM snapshot_chunk c WHERE c.snapshot = s.id ORDER BY c.chunk DESC LIMIT 1) AS "lastSku"
       FROM snapshot s WHERE s.warehouse = $1 AND s.accepted_at IS NULL`,
      [warehouse],
    );
    return row && { ...row, lastSku: row.lastSku ?? '' };
  }

  async begin(warehouse: WarehouseId, instance: string, manifest: SnapshotManifest, now: number): Promise<void> {
    const { epoch, sequence, hash, rows, chunks, root, at } = manifest;
    await this.#session.send(
      `INSERT INTO snapshot (warehouse, epoch, instance, sequence, hash, rows, chunks, root, at, touched_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        ...[warehouse, epoch, instance, sequence, Buffer.from(hash, 'hex'), rows, chunks, Buffer.from(root, 'hex')],
        ...[at, now],
      ],
    );
  }

  async put(
    { id, staged }: StagedSnapshot,
    chunk: { readonly hash: Uint8Array; readonly rows: number; readonly lastSku: string; readonly bytes: Uint8Array },
    now: number,
  ): Promise<void> {
    await this.#session.send(
      'INSERT INTO snapshot_chunk (snapshot, chunk, hash, rows, last_sku, bytes) VALUES ($1, $2, $3, $4, $5, $6)',
      [id, staged, chunk.hash, chunk.rows, chunk.lastSku, chunk.bytes],
    );
    await this.#session.send('UPDATE snapshot SET touched_at = $1 WHERE id = $2', [now, id]);
  }

  async hashes({ id }: StagedSnapshot): Promise<readonly Uint8Array[]> {
    const rows = await this.#session.rows<{ hash: Uint8Array }>(
      'SELECT hash FROM snapshot_chunk WHERE snapshot = $1 ORDER BY chunk',
      [id],
    );
    return rows.map(({ hash }) => hash);
  }

  async bytes({ id }: StagedSnapshot, chunk: number): Promise<Uint8Array> {
    const row = await firstRow<{ bytes: Uint8Array }>(
      this.#session,
      'SELECT bytes FROM snapshot_chunk WHERE snapshot = $1 AND chunk = $2',
      [id, chunk],
    );
    return must(row, 'all chunks are there').bytes;
  }

  async lastSku({ id }: StagedSnapshot, chunk: number): Promise<Sku | ''> {
    const row = await firstRow<{ last: Sku | '' }>(
      this.#session,
      'SELECT last_sku AS last FROM snapshot_chunk WHERE snapshot = $1 AND chunk = $2',
      [id, chunk],
    );
    return must(row, 'all chunks are there').last;
  }

  async take({ id }: StagedSnapshot, taken: number, now: number): Promise<void> {
    await this.#session.send('UPDATE snapshot SET taken = $1, touched_at = $2 WHERE id = $3', [taken, now, id]);
  }

  async accept(warehouse: WarehouseId, { id }: StagedSnapshot, now: number): Promise<void> {
    await this.#dropAll('warehouse = $1 AND accepted_at IS NOT NULL', [warehouse]);
    await this.#session.send('UPDATE snapshot SET accepted_at = $1 WHERE id = $2', [now, id]);
  }

  async drop({ id }: StagedSnapshot): Promise<void> {
    await this.#dropAll('id = $1', [id]);
  }

  async dropStale(before: number): Promise<void> {
    await this.#dropAll('accepted_at IS NULL AND touched_at < $1', [before]);
  }

  /** Snapshots that a condition holds of, and their chunks. */
  async #dropAll(condition: string, parameters: readonly (string | number)[]): Promise<void> {
    await this.#session.send(
      `WITH gone AS (DELETE FROM snapshot WHERE ${condition} RETURNING id)
       DELETE FROM snapshot_chunk WHERE snapshot IN (SELECT id FROM gone)`,
      parameters,
    );
  }
}
