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
import { centralLimits } from '../../../limits.ts';
import { sameHash } from '../../../rules/same-hash.ts';
import { decideSnapshot, type OfferedSnapshot } from '../../../rules/snapshot.ts';
import type { OfferedChunk, SnapshotStep } from '../../central-store.ts';
import type { NodeReader, NodeWriter } from '../../tables/node-table.ts';
import type { PositionWriter } from '../../tables/position-table.ts';
import type { SnapshotWriter, StagedSnapshot } from '../../tables/snapshot-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { Settling } from '../epochs/settling.ts';
import type { Promising } from '../orders/promising.ts';
import { TaskDesk } from '../orders/task-desk.ts';
import type { PositionDigests } from '../positions/position-digests.ts';
import { PositionRepair } from '../positions/position-repair.ts';

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
    tables: Tables,
    promising: Promising,
    parts: { readonly settling: Settling; readonly digests: PositionDigests },
  ) {
    this.#promising = promising;
    this.#settling = parts.settling;
    this.#nodes = tables.nodes;
    this.#nodeWriter = tables.nodeWriter;
    this.#writer = tables.snapshotWriter;
    this.#positions = tables.positions;
    this.#repair = new PositionRepair(tables, parts.digests);
    this.#tasks = new TaskDesk(tables, promising);
  }

  async begin(
    warehouse: WarehouseId,
    instance: string,
    manifest: SnapshotManifest,
    now: number,
  ): Promise<SnapshotStep> {
    const stop = await this.#stop(warehouse, { ...manifest, instance });
    if (stop !== undefined) return stop;
    await this.#writer.dropStale(now - centralLimits.snapshotKeptMs);
    const coming = await this.#writer.comingIn(warehouse);
    const isSame = coming?.instance === instance && sameHash(coming.root, Buffer.from(manifest.root, 'hex'));
    if (isSame) return { reply: next(coming) };
    if (coming !== undefined) await this.#writer.drop(coming);
    // A settled warehouse whose node has trimmed what central lacks: central was put back, and does not know it (P3).
    await this.#promising.availability.exclude(warehouse);
    await this.#writer.begin(warehouse, instance, manifest, now);
    return { reply: { outcome: 'send', index: 0 }, event: 'begun' };
  }

  async put(warehouse: WarehouseId, offered: OfferedChunk, now: number): Promise<SnapshotStep> {
    const coming = await this.#comingIn(warehouse, offered);
    if ('reply' in coming) return coming;
    const { index, hash, bytes } = offered;
    // Known already, or too early: whoever sends learns what is wanted.
    if (index !== coming.staged) return { reply: next(coming) };
    // Damaged on its way.
    if (!sameHash(chunkHash(bytes), hash)) return { reply: next(coming), event: 'damaged' };
    const chunk = readChunk(bytes);
    const fault = typeof chunk === 'string' ? chunk : faultOf(chunk, { ...coming, warehouse });
    if (typeof chunk === 'string' || fault !== undefined) return await this.#anew(coming, `chunk ${index}: ${fault}`);
    const lastSku = chunk.rows.at(-1)?.sku ?? coming.lastSku;
    await this.#writer.put(coming, { hash, rows: chunk.rows.length, lastSku, bytes }, now);
    const staged = { ...coming, staged: index + 1, stagedRows: coming.stagedRows + chunk.rows.length };
    if (staged.staged === staged.chunks && !(await this.#isWhole(warehouse, staged))) {
      return await this.#anew(coming, 'the chunks that came are not those that its manifest tells of');
    }
    return { reply: next(staged), event: 'staged' };
  }

  /** Takes over the next chunk; with the last one the cursor. */
  async take(
    warehouse: WarehouseId,
    offered: { readonly instance: string; readonly root: string },
    now: number,
  ): Promise<SnapshotStep> {
    const coming = await this.#comingIn(warehouse, offered);
    if ('reply' in coming) return coming;
    if (coming.staged < coming.chunks) return { reply: next(coming) };
    // It may have been settled since: by another's hand, never by its own.
    await this.#promising.availability.exclude(warehouse);
    const taken = coming.taken + 1;
    await this.#takeOver(warehouse, coming, { isLast: taken === coming.chunks, now });
    await this.#writer.take(coming, taken, now);
    if (taken < coming.chunks) return { reply: { outcome: 'take', taken } };
    const { sequence, hash } = coming;
    await this.#nodeWriter.advance(warehouse, { sequence, hash, lastDeltaAt: 0 }, now);
    await this.#writer.accept(warehouse, coming, now);
    await this.#settling.settleDue(now);
    await this.#promising.deficits.coverFreed(now);
    await this.#promising.serve(now);
    return { reply: { outcome: 'taken', applied: sequence }, event: 'taken', cursor: { sequence, hash } };
  }

  async #takeOver(
    warehouse: WarehouseId,
    coming: StagedSnapshot,
    { isLast, now }: { readonly isLast: boolean; readonly now: number },
  ): Promise<void> {
    const { taken, sequence, at } = coming;
    const { rows } = decodeSnapshotChunk(await this.#writer.bytes(coming, taken));
    const after = taken === 0 ? '' : await this.#writer.lastSku(coming, taken - 1);
    const upTo = isLast ? undefined : rows.at(-1)?.sku;
    const unusable = await this.#repair.takeOver({ warehouse, sequence, at, rows, after, upTo });
    // As with a delta that cannot be meant: what was known stays, and the node is asked for its state.
    this.#positions.begin();
    for (const { sku, version } of unusable) this.#positions.suspect(warehouse, sku, version);
    await this.#positions.write();
    const tasks = rows.flatMap(({ sku, setAsides }) =>
      setAsides.flatMap(({ holder, document: task, quantity, released, shipped }) =>
        holder === 'task' ? [{ task, sku, quantity: quantity + released + shipped, released, shipped }] : [],
      ),
    );
    await this.#tasks.standing(warehouse, tasks, now);
  }

  async #isWhole(warehouse: WarehouseId, coming: StagedSnapshot): Promise<boolean> {
    const { rows, stagedRows, root } = coming;
    return (
      rows === stagedRows && sameHash(snapshotRoot({ warehouse, ...coming }, await this.#writer.hashes(coming)), root)
    );
  }

  async #comingIn(
    warehouse: WarehouseId,
    { instance, root }: { readonly instance: string; readonly root: string },
  ): Promise<StagedSnapshot | SnapshotStep> {
    const coming = await this.#writer.comingIn(warehouse);
    const isSame = coming?.instance === instance && sameHash(coming.root, Buffer.from(root, 'hex'));
    if (!isSame) return { reply: { outcome: 'anew', reason: 'central has nothing of this snapshot' } };
    return (await this.#stop(warehouse, coming)) ?? coming;
  }

  /** Why it is of no use, or no more; what is staged of it goes. */
  async #stop(warehouse: WarehouseId, offered: OfferedSnapshot): Promise<SnapshotStep | undefined> {
    const decided = decideSnapshot(await this.#nodes.get(warehouse), offered);
    if (decided.decision === 'take') return undefined;
    const coming = await this.#writer.comingIn(warehouse);
    if (coming?.instance === offered.instance) await this.#writer.drop(coming);
    if (decided.decision === 'known') return { reply: { outcome: 'taken', applied: decided.applied } };
    const { reason, hint } = decided;
    return { reply: { outcome: 'refused', reason, hint } };
  }

  async #anew(coming: StagedSnapshot, reason: string): Promise<SnapshotStep> {
    await this.#writer.drop(coming);
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
