import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { readableDelta } from '@edgestock/shared/protocol/readable-delta';
import type { LogBeginning, RejoinReply, TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import type { Database, Statement } from 'better-sqlite3';
import { decideRejoin, type NodeLife } from '../../../rules/rejoin.ts';
import type { KeptSnapshot } from '../../central-store.ts';
import { DownLog } from '../down/down-log.ts';
import { SnapshotReader } from '../snapshots/snapshot-table.ts';
import { BatchLog } from './batch-log.ts';
import { LifeReader, LifeWriter } from './life-table.ts';
import { NodeReader } from './node-table.ts';

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
  readonly #covered: Statement<[string], { down_covered: number }>;
  readonly #promises: { reintroduce(warehouse: WarehouseId, now: number): void };

  constructor(database: Database, promises: { reintroduce(warehouse: WarehouseId, now: number): void }) {
    this.#promises = promises;
    this.#nodes = new NodeReader(database);
    this.#lives = new LifeReader(database);
    this.#lifeWriter = new LifeWriter(database);
    this.#log = new BatchLog(database);
    this.#downLog = new DownLog(database);
    this.#snapshots = new SnapshotReader(database);
    this.#covered = database.prepare('SELECT down_covered FROM node WHERE warehouse = ?');
  }

  decide(warehouse: WarehouseId, request: TakeOverRequest, now: number): TakeOverOutcome {
    const record = this.#nodes.get(warehouse);
    const covered = this.#covered.get(warehouse)?.down_covered ?? 0;
    const decided = decideRejoin(record, request, {
      life: this.#lives.of(warehouse, request.instance),
      firstSequence: this.#log.firstSequence(warehouse),
      hasSnapshot: this.#snapshots.kept(warehouse) !== undefined,
      down: { sequence: covered, hash: this.#downLog.hashAt(warehouse, covered) },
      statesAhead: record === undefined ? 0 : this.#lifeWriter.statesAhead(warehouse, record.appliedUpTo),
      now,
    });
    if (decided.outcome === 'refused') return decided;
    const { life } = decided;
    if (decided.outcome === 'take-over' && record !== undefined) {
      this.#lifeWriter.begin(warehouse, life, record.instance);
      this.#lifeWriter.settleAhead(warehouse, life, (sku, sequence) => this.#versionAt(warehouse, sku, sequence));
      this.#promises.reintroduce(warehouse, now);
    }
    const statesAhead = this.#lives.stateCount(warehouse, life.epoch);
    return { outcome: 'taken-over', life, statesAhead, snapshot: this.#snapshots.kept(warehouse) };
  }

  /** 0 where it cannot be read: then whatever comes next is newer. */
  #versionAt(warehouse: WarehouseId, sku: Sku, sequence: number): number {
    const logged = this.#log.delta(warehouse, sequence);
    if (logged === undefined) return this.#snapshots.versionOf(warehouse, sku, sequence);
    return readableDelta(logged.bytes)?.version ?? 0;
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
