import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { readableDelta } from '@edgestock/shared/protocol/readable-delta';
import type { LogBeginning, RejoinReply, TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import { decodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import { decideRejoin, type NodeLife } from '../../../rules/rejoin.ts';
import type { KeptSnapshot } from '../../central-store.ts';
import type { BatchLog } from '../../tables/batch-log.ts';
import type { DownLog } from '../../tables/down-table.ts';
import type { LifeReader, LifeWriter } from '../../tables/life-table.ts';
import type { NodeReader } from '../../tables/node-table.ts';
import type { SnapshotReader } from '../../tables/snapshot-table.ts';
import type { Tables } from '../../tables/tables.ts';
import type { PromiseApplier } from '../promise-applier.ts';

export type TakeOverOutcome =
  | {
      readonly outcome: 'taken-over';
      readonly life: NodeLife;
      readonly statesAhead: number;
      readonly snapshot: KeptSnapshot | undefined;
    }
  | { readonly outcome: 'refused'; readonly reason: string; readonly hint: string };

/** Carries out what the rule decides about a rejoin, inside a transaction of its caller. */
export class TakeOver {
  readonly #nodes: NodeReader;
  readonly #lives: LifeReader;
  readonly #lifeWriter: LifeWriter;
  readonly #log: BatchLog;
  readonly #downLog: DownLog;
  readonly #snapshots: SnapshotReader;
  readonly #promises: Pick<PromiseApplier, 'reintroduce'>;

  constructor(tables: Tables, promises: Pick<PromiseApplier, 'reintroduce'>) {
    this.#promises = promises;
    this.#nodes = tables.nodes;
    this.#lives = tables.lives;
    this.#lifeWriter = tables.lifeWriter;
    this.#log = tables.batchLog;
    this.#downLog = tables.downLog;
    this.#snapshots = tables.snapshots;
  }

  async decide(warehouse: WarehouseId, request: TakeOverRequest, now: number): Promise<TakeOverOutcome> {
    const record = await this.#nodes.get(warehouse);
    const covered = await this.#downLog.covered(warehouse);
    const decided = decideRejoin(record, request, {
      life: await this.#lives.of(warehouse, request.instance),
      firstSequence: await this.#log.firstSequence(warehouse),
      hasSnapshot: (await this.#snapshots.kept(warehouse)) !== undefined,
      down: { sequence: covered, hash: await this.#downLog.hashAt(warehouse, covered) },
      statesAhead: record === undefined ? 0 : await this.#lifeWriter.statesAhead(warehouse, record.appliedUpTo),
      now,
    });
    if (decided.outcome === 'refused') return decided;
    const { life } = decided;
    if (decided.outcome === 'take-over' && record !== undefined) {
      await this.#lifeWriter.begin(warehouse, life, record.instance);
      await this.#settleAhead(warehouse, life);
      await this.#promises.reintroduce(warehouse, now);
    }
    const statesAhead = await this.#lives.stateCount(warehouse, life.epoch);
    return { outcome: 'taken-over', life, statesAhead, snapshot: await this.#snapshots.kept(warehouse) };
  }

  /**
   * States that came ahead of a log which now ends before them: what they say stays the best that is known, but the next
   * movement of the new life, whose version follows the log's, is newer.
   */
  async #settleAhead(warehouse: WarehouseId, { applied, epoch }: NodeLife): Promise<void> {
    const placed: { readonly sku: Sku; readonly sequence: number; readonly version: number }[] = [];
    for (const { sku, logSequence: sequence } of await this.#lifeWriter.ahead(warehouse, applied)) {
      placed.push({ sku, sequence, version: sequence === 0 ? 0 : await this.#versionAt(warehouse, sku, sequence) });
    }
    await this.#lifeWriter.settle(warehouse, epoch, placed);
  }

  /** 0 where it cannot be read: then whatever comes next is newer. */
  async #versionAt(warehouse: WarehouseId, sku: Sku, sequence: number): Promise<number> {
    const logged = await this.#log.delta(warehouse, sequence);
    return logged === undefined
      ? this.#versionInSnapshot(warehouse, sku, sequence)
      : (readableDelta(logged.bytes)?.version ?? 0);
  }

  /** The version that a position had in the beginning of its log. */
  async #versionInSnapshot(warehouse: WarehouseId, sku: Sku, sequence: number): Promise<number> {
    const bytes = await this.#snapshots.chunkWith(warehouse, sku);
    const row = bytes && decodeSnapshotChunk(bytes).rows.find((one) => one.sku === sku);
    return row?.sequence === sequence ? row.version : 0;
  }
}

export function rejoinedReply(
  outcome: TakeOverOutcome,
  centralEpoch: number,
  now: number,
): Extract<RejoinReply, { outcome: 'taken-over' | 'refused' }> {
  if (outcome.outcome === 'refused') return outcome;
  const { life, statesAhead, snapshot } = outcome;
  const { epoch, applied, recount, lost } = life;
  return {
    ...{ outcome: 'taken-over', epoch, applied, recount, lost, statesAhead },
    hash: hexOf(life.hash),
    down: {
      centralEpoch: life.downSequence === 0 ? 0 : centralEpoch,
      sequence: life.downSequence,
      hash: hexOf(life.downHash),
    },
    window: { from: life.knownAt, to: Math.min(life.begunAt, now) },
    ...(snapshot === undefined ? {} : { snapshot: beginningOf(snapshot) }),
  };
}

function beginningOf({ acceptedAt: _, hash, root, ...facts }: KeptSnapshot): LogBeginning {
  return { ...facts, hash: hexOf(hash), root: hexOf(root) };
}

function hexOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
