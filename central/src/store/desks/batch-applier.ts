import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { decideBatch, decideStates, isKnownPlace } from '../../rules/batch-decision.ts';
import { faultOfState } from '../../rules/delta-fault.ts';
import type { GrantFact } from '../../rules/grant-fact.ts';
import { mergeBatch } from '../../rules/merge-batch.ts';
import type { NodeRecord } from '../../rules/node-record.ts';
import { TaskFactCollector } from '../../rules/task-fact.ts';
import type { VerifiedBatch } from '../../rules/verified-batch.ts';
import type { BatchOutcome, DigestComparison, QuarantineReason, StatesOutcome } from '../central-store.ts';
import type { BatchLog, BatchLogWriter } from '../tables/batch-log.ts';
import type { NodeReader, NodeWriter } from '../tables/node-table.ts';
import type { DeficitPlace, PositionWriter } from '../tables/position-table.ts';
import type { QuarantineTable } from '../tables/quarantine-table.ts';
import type { SnapshotReader } from '../tables/snapshot-table.ts';
import type { Tables } from '../tables/tables.ts';
import type { Settling } from './epochs/settling.ts';
import type { Promising } from './orders/promising.ts';
import { TaskDesk } from './orders/task-desk.ts';
import type { PositionDigests } from './positions/position-digests.ts';
import { PositionRepair } from './positions/position-repair.ts';
import type { HeardFact } from './transfers/transfer-desk.ts';

/** Carries out what the rules decide about a message, inside a transaction of its caller (between `begin` and `end`). */
export class BatchApplier {
  readonly #nodes: NodeReader;
  readonly #nodeWriter: NodeWriter;
  readonly #positions: PositionWriter;
  readonly #log: BatchLog;
  readonly #logWriter: BatchLogWriter;
  readonly #quarantine: QuarantineTable;
  readonly #tasks: TaskDesk;
  readonly #snapshots: SnapshotReader;
  #facts = new TaskFactCollector();
  #transferFacts: HeardFact[] = [];
  #deficits: DeficitPlace[] = [];
  #grants: { readonly warehouse: WarehouseId; readonly grants: readonly GrantFact[] }[] = [];

  readonly #promising: Promising;
  readonly #settling: Settling;
  readonly #digests: PositionDigests;
  readonly #repair: PositionRepair;

  constructor(
    tables: Tables,
    promising: Promising,
    parts: { readonly settling: Settling; readonly digests: PositionDigests },
  ) {
    const { settling, digests } = parts;
    this.#promising = promising;
    this.#settling = settling;
    this.#digests = digests;
    this.#repair = new PositionRepair(tables, digests);
    this.#nodes = tables.nodes;
    this.#nodeWriter = tables.nodeWriter;
    this.#positions = tables.positions;
    this.#log = tables.batchLog;
    this.#logWriter = tables.batchLogWriter;
    this.#quarantine = tables.quarantine;
    this.#tasks = new TaskDesk(tables, promising);
    this.#snapshots = tables.snapshots;
  }

  begin(): void {
    this.#positions.begin();
    this.#facts = new TaskFactCollector();
    this.#transferFacts = [];
    this.#deficits = [];
    this.#grants = [];
  }

  /**
   * Writes what the messages come to, takes promises away from where goods are missing now, gives back what nodes had granted
   * before they heard of a stricter policy, and lets orders go on with what was shipped, given up, or granted.
   */
  async end(now: number): Promise<void> {
    await this.#writePositions();
    for (const { warehouse, sku } of this.#deficits) await this.#promising.deficits.cover(warehouse, sku, now);
    for (const { warehouse, grants } of this.#grants) await this.#promising.recalls.granted(warehouse, grants);
    await this.#tasks.report(this.#facts.all(), now);
    await this.#promising.transfers.report(this.#transferFacts, now);
    await this.#settling.settleDue(now);
    await this.#promising.deficits.coverFreed(now);
    await this.#promising.serve(now);
  }

  async applyBatch(verified: VerifiedBatch, now: number): Promise<BatchOutcome> {
    const { batch } = verified;
    const record = await this.#nodes.get(batch.warehouse);
    const hashAtEnd = isKnownPlace(record, batch)
      ? await this.#log.hashAt(batch.warehouse, batch.lastSequence)
      : undefined;
    const decided = decideBatch(record, verified, hashAtEnd);
    switch (decided.decision) {
      case 'unknown-epoch':
        return { outcome: 'unknown-epoch' };
      case 'duplicate':
        return {
          outcome: 'duplicate',
          appliedUpTo: record?.appliedUpTo ?? 0,
          ...(await this.#compared(verified, record, record)),
        };
      case 'late-epoch':
        await this.#keep(verified, 'late-fact', `epoch ${batch.epoch}, instance ${batch.instance}`, now);
        return { outcome: 'late-epoch', currentEpoch: decided.currentEpoch };
      case 'fork': {
        const reason = `another history than central's at sequence ${decided.atSequence}`;
        await this.#nodeWriter.fence(batch.warehouse, reason, now);
        await this.#keep(verified, 'fenced', reason, now);
        return { outcome: 'fork', atSequence: decided.atSequence, reason };
      }
      case 'fenced':
        await this.#keep(verified, 'fenced', decided.reason, now);
        return { outcome: 'fenced', reason: decided.reason };
      case 'gap':
        return { outcome: 'gap', need: decided.need };
      case 'apply':
        // What is taken over of a snapshot says of its tasks what the log before its place would tell once more.
        if (record !== undefined && (await this.#snapshots.isTaking(batch))) {
          return { outcome: 'gap', need: record.appliedUpTo + 1 };
        }
        return await this.#applyRest(verified, { skip: decided.skip, record }, now);
      default:
        return unreachable(decided);
    }
  }

  async applyStates(message: StateMessage): Promise<StatesOutcome> {
    const decided = decideStates(await this.#nodes.get(message.warehouse), message);
    switch (decided.decision) {
      case 'unknown-epoch':
        return { outcome: 'unknown-epoch' };
      case 'late-epoch':
        return { outcome: 'late-epoch', currentEpoch: decided.currentEpoch };
      case 'fenced':
        return { outcome: 'fenced', reason: decided.reason };
      case 'apply': {
        if (message.repair !== undefined) {
          await this.#writePositions();
          const { repaired, deficits } = await this.#repair.repair(message, message.repair);
          await this.#deficits.push(...deficits);
          return { outcome: 'applied', repaired };
        }
        for (const row of message.rows) {
          // A state that cannot be meant is left out: its delta follows in the log and is put aside there.
          if (faultOfState(row.version, row.state) === undefined) this.#positions.put(message.warehouse, row, 0);
        }
        return { outcome: 'applied' };
      }
      default:
        return unreachable(decided);
    }
  }

  /** Log, states, quarantine and cursor together: a crash repeats all of it or nothing (P2). */
  async #applyRest(
    verified: VerifiedBatch,
    { skip, record }: { readonly skip: number; readonly record: NodeRecord | undefined },
    now: number,
  ): Promise<BatchOutcome> {
    const { batch, bytes } = verified;
    const { warehouse } = batch;
    const merged = mergeBatch(verified, skip);
    for (const row of merged.states.values()) this.#positions.put(warehouse, row, row.sequence);
    for (const { sequence, fault, sku, bytes: delta } of merged.faults) {
      await this.#quarantine.put(
        {
          warehouse,
          reason: 'delta',
          detail: fault,
          bytes: delta,
          epoch: batch.epoch,
          firstSequence: sequence,
          lastSequence: sequence,
          ...(sku === undefined ? {} : { sku }),
        },
        now,
      );
    }
    for (const fact of merged.taskFacts) this.#facts.add(warehouse, fact);
    for (const fact of merged.transferFacts) this.#transferFacts.push({ ...fact, warehouse });
    if (merged.grants.length > 0) this.#grants.push({ warehouse, grants: merged.grants });
    for (const [sku, version] of merged.suspects) this.#positions.suspect(warehouse, sku, version);
    await this.#logWriter.append(batch, { firstSequence: batch.firstSequence + skip, bytes }, now);
    const cursor = { sequence: batch.lastSequence, hash: batch.hashLast, lastDeltaAt: merged.lastAt };
    await this.#nodeWriter.advance(warehouse, cursor, now);
    // Before it is settled, a batch may speak of the log of an earlier epoch.
    if (!(await this.#promising.unsettled.has(warehouse))) await this.#nodeWriter.cover(warehouse, batch.downAck);
    return {
      outcome: 'applied',
      appliedUpTo: batch.lastSequence,
      appliedHash: batch.hashLast,
      quarantined: merged.faults.length,
      ...(await this.#compared(verified, { appliedUpTo: batch.lastSequence }, record)),
    };
  }

  /** What a node's digest says of the positions here, at the very place where it was made. */
  async #compared(
    { batch: { warehouse, lastSequence, digest } }: VerifiedBatch,
    cursor: { readonly appliedUpTo: number } | undefined,
    record: NodeRecord | undefined,
  ): Promise<{ readonly digest?: DigestComparison }> {
    if (digest === undefined || cursor?.appliedUpTo !== lastSequence) return {};
    await this.#writePositions();
    const committed = record?.heard?.committed ?? 0;
    return { digest: await this.#digests.compare(warehouse, digest, { sequence: lastSequence, committed }) };
  }

  async #writePositions(): Promise<void> {
    const { deficits, changes } = await this.#positions.write();
    this.#deficits.push(...deficits);
    for (const change of changes) this.#digests.changed(change);
  }

  async #keep({ batch, bytes }: VerifiedBatch, reason: QuarantineReason, detail: string, now: number): Promise<void> {
    const { warehouse, epoch, firstSequence, lastSequence } = batch;
    await this.#quarantine.put({ warehouse, reason, detail, bytes, epoch, firstSequence, lastSequence }, now);
  }
}
