import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { WireError } from '@edgestock/shared/protocol/codec';
import {
  chunkHash,
  compareSkus,
  type SnapshotChunk,
  type SnapshotManifest,
  snapshotRoot,
} from '@edgestock/shared/protocol/snapshot';
import { decodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import type { Database } from 'better-sqlite3';
import { centralLimits } from '../../../limits.ts';
import { sameHash } from '../../../rules/same-hash.ts';
import { decideSnapshot, type OfferedSnapshot } from '../../../rules/snapshot.ts';
import type { OfferedChunk, SnapshotStep } from '../../central-store.ts';
import type { Settling } from '../epochs/settling.ts';
import type { Promising } from '../orders/promising.ts';
import { TaskDesk } from '../orders/task-desk.ts';
import { NodeReader, NodeWriter } from '../positions/node-table.ts';
import type { PositionDigests } from '../positions/position-digests.ts';
import { PositionRepair } from '../positions/position-repair.ts';
import { PositionWriter } from '../positions/position-table.ts';
import { SnapshotWriter, type StagedSnapshot } from './snapshot-table.ts';

/**
 * Takes snapshots of nodes in, inside transactions of its caller. First all chunks are staged beside the live tables; when the
 * root that is recomputed from them is the manifest's, their positions are taken over, a chunk to a transaction, so that nobody
 * waits for a million rows; the cursor moves with the last of them (P2). In between the warehouse is not settled, so nothing is
 * promised of positions half of which are new, and each says by its place in the node's log what it is.
 */
export class Snapshots {
  readonly #promising: Promising;
  readonly #settling: Settling;
  readonly #nodes: NodeReader;
  readonly #nodeWriter: NodeWriter;
  readonly #writer: SnapshotWriter;
  readonly #positions: PositionWriter;
  readonly #repair: PositionRepair;
  readonly #tasks: TaskDesk;

  constructor(
    database: Database,
    promising: Promising,
    parts: { readonly settling: Settling; readonly digests: PositionDigests },
  ) {
    this.#promising = promising;
    this.#settling = parts.settling;
    this.#nodes = new NodeReader(database);
    this.#nodeWriter = new NodeWriter(database);
    this.#writer = new SnapshotWriter(database);
    this.#positions = new PositionWriter(database, promising.availability, parts.digests);
    this.#repair = new PositionRepair(database, promising, parts.digests);
    this.#tasks = new TaskDesk(database, promising);
  }

  begin(warehouse: WarehouseId, instance: string, manifest: SnapshotManifest, now: number): SnapshotStep {
    const stop = this.#stop(warehouse, { ...manifest, instance });
    if (stop !== undefined) return stop;
    this.#writer.dropStale(now - centralLimits.snapshotKeptMs);
    const coming = this.#writer.comingIn(warehouse);
    const isSame = coming?.instance === instance && sameHash(coming.root, Buffer.from(manifest.root, 'hex'));
    if (isSame) return { reply: next(coming) };
    if (coming !== undefined) this.#writer.drop(coming);
    // A settled warehouse whose node has trimmed what central lacks: central was put back, and does not know it (P3).
    this.#promising.availability.exclude(warehouse);
    this.#writer.begin(warehouse, instance, manifest, now);
    return { reply: { outcome: 'send', index: 0 }, event: 'begun' };
  }

  put(warehouse: WarehouseId, offered: OfferedChunk, now: number): SnapshotStep {
    const coming = this.#comingIn(warehouse, offered);
    if ('reply' in coming) return coming;
    const { index, hash, bytes } = offered;
    // Known already, or too early: whoever sends learns what is wanted.
    if (index !== coming.staged) return { reply: next(coming) };
    // Damaged on its way.
    if (!sameHash(chunkHash(bytes), hash)) return { reply: next(coming), event: 'damaged' };
    const chunk = readChunk(bytes);
    const fault = typeof chunk === 'string' ? chunk : faultOf(chunk, { ...coming, warehouse });
    if (typeof chunk === 'string' || fault !== undefined) return this.#anew(coming, `chunk ${index}: ${fault}`);
    const lastSku = chunk.rows.at(-1)?.sku ?? coming.lastSku;
    this.#writer.put(coming, { hash, rows: chunk.rows.length, lastSku, bytes }, now);
    const staged = { ...coming, staged: index + 1, stagedRows: coming.stagedRows + chunk.rows.length };
    if (staged.staged === staged.chunks && !this.#isWhole(warehouse, staged)) {
      return this.#anew(coming, 'the chunks that came are not those that its manifest tells of');
    }
    return { reply: next(staged), event: 'staged' };
  }

  /** Takes over the next chunk; with the last one the cursor. */
  take(
    warehouse: WarehouseId,
    offered: { readonly instance: string; readonly root: string },
    now: number,
  ): SnapshotStep {
    const coming = this.#comingIn(warehouse, offered);
    if ('reply' in coming) return coming;
    if (coming.staged < coming.chunks) return { reply: next(coming) };
    // It may have been settled since: by another's hand, never by its own.
    this.#promising.availability.exclude(warehouse);
    const taken = coming.taken + 1;
    this.#takeOver(warehouse, coming, { isLast: taken === coming.chunks, now });
    this.#writer.take(coming, taken, now);
    if (taken < coming.chunks) return { reply: { outcome: 'take', taken } };
    const { sequence, hash } = coming;
    this.#nodeWriter.advance(warehouse, { sequence, hash, lastDeltaAt: 0 }, now);
    this.#writer.accept(warehouse, coming, now);
    this.#settling.settleDue(now);
    this.#promising.deficits.coverFreed(now);
    this.#promising.serve(now);
    return { reply: { outcome: 'taken', applied: sequence }, event: 'taken', cursor: { sequence, hash } };
  }

  #takeOver(
    warehouse: WarehouseId,
    coming: StagedSnapshot,
    { isLast, now }: { readonly isLast: boolean; readonly now: number },
  ): void {
    const { taken, sequence, at } = coming;
    const { rows } = decodeSnapshotChunk(this.#writer.bytes(coming, taken));
    const after = taken === 0 ? '' : this.#writer.lastSku(coming, taken - 1);
    const upTo = isLast ? undefined : rows.at(-1)?.sku;
    const unusable = this.#repair.takeOver({ warehouse, sequence, at, rows, after, upTo });
    // As with a delta that cannot be meant: what was known stays, and the node is asked for its state.
    this.#positions.begin();
    for (const { sku, version } of unusable) this.#positions.suspect(warehouse, sku, version);
    this.#positions.write();
    const tasks = rows.flatMap(({ sku, setAsides }) =>
      setAsides.flatMap(({ holder, document: task, quantity, released, shipped }) =>
        holder === 'task' ? [{ task, sku, quantity: quantity + released + shipped, released, shipped }] : [],
      ),
    );
    this.#tasks.standing(warehouse, tasks, now);
  }

  #isWhole(warehouse: WarehouseId, coming: StagedSnapshot): boolean {
    const { rows, stagedRows, root } = coming;
    return rows === stagedRows && sameHash(snapshotRoot({ warehouse, ...coming }, this.#writer.hashes(coming)), root);
  }

  #comingIn(
    warehouse: WarehouseId,
    { instance, root }: { readonly instance: string; readonly root: string },
  ): StagedSnapshot | SnapshotStep {
    const coming = this.#writer.comingIn(warehouse);
    const isSame = coming?.instance === instance && sameHash(coming.root, Buffer.from(root, 'hex'));
    if (!isSame) return { reply: { outcome: 'anew', reason: 'central has nothing of this snapshot' } };
    return this.#stop(warehouse, coming) ?? coming;
  }

  /** Why it is of no use, or no more; what is staged of it goes. */
  #stop(warehouse: WarehouseId, offered: OfferedSnapshot): SnapshotStep | undefined {
    const decided = decideSnapshot(this.#nodes.get(warehouse), offered);
    if (decided.decision === 'take') return undefined;
    const coming = this.#writer.comingIn(warehouse);
    if (coming?.instance === offered.instance) this.#writer.drop(coming);
    if (decided.decision === 'known') return { reply: { outcome: 'taken', applied: decided.applied } };
    const { reason, hint } = decided;
    return { reply: { outcome: 'refused', reason, hint } };
  }

  #anew(coming: StagedSnapshot, reason: string): SnapshotStep {
    this.#writer.drop(coming);
    return { reply: { outcome: 'anew', reason }, event: 'dropped' };
  }
}

function next({ staged, chunks, taken }: Pick<StagedSnapshot, 'staged' | 'chunks' | 'taken'>): SnapshotStep['reply'] {
  return staged < chunks ? { outcome: 'send', index: staged } : { outcome: 'take', taken };
}

function readChunk(bytes: Uint8Array): SnapshotChunk | string {
  try {
    return decodeSnapshotChunk(bytes);
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

/** Why a chunk is not the next one of the snapshot. */
function faultOf(
  chunk: SnapshotChunk,
  coming: StagedSnapshot & { readonly warehouse: WarehouseId },
): string | undefined {
  const isOf = (['warehouse', 'epoch', 'instance', 'sequence'] as const).every((name) => chunk[name] === coming[name]);
  if (!isOf || chunk.index !== coming.staged) return 'it is of another snapshot, or of another place in it';
  const [first] = chunk.rows;
  if (first !== undefined && compareSkus(first.sku, coming.lastSku) < 0)
    return 'its rows come before those that are there';
  return undefined;
}
