import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { EnrolRequest } from '@edgestock/shared/protocol/control';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import type { TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import type { SnapshotManifest } from '@edgestock/shared/protocol/snapshot';
import type { Turns } from '@edgestock/shared/runtime/turns';
import { decideEnrolment, type Enrolment } from '../../rules/enrolment.ts';
import type { Heard } from '../../rules/node-record.ts';
import type { PromiseCommand, PromiseOutcome } from '../../rules/promise-command.ts';
import type { VerifiedBatch } from '../../rules/verified-batch.ts';
import type {
  Applied,
  BatchOutcome,
  CentralReader,
  CentralStore,
  EpochBeginning,
  EpochBegun,
  OfferedChunk,
  QuarantineInput,
  Rejoined,
  SnapshotStep,
  StatesOutcome,
  TakenIn,
} from '../central-store.ts';
import type { DownTrim, PromiseReader, PromiseStore } from '../promise-store.ts';
import type { Tables } from '../tables/tables.ts';
import { BatchApplier } from './batch-applier.ts';
import { DownLogTrim } from './down/down-log-trim.ts';
import { Epochs } from './epochs/epochs.ts';
import { Settling } from './epochs/settling.ts';
import { Promising } from './orders/promising.ts';
import { PositionDigests } from './positions/position-digests.ts';
import { rejoinedReply, TakeOver } from './positions/take-over.ts';
import { PromiseApplier } from './promise-applier.ts';
import { Snapshots } from './snapshots/snapshots.ts';

/** The half of the store's port that writes. */
export type StoreWriter = Omit<CentralStore, keyof CentralReader | 'close'> & Omit<PromiseStore, keyof PromiseReader>;

type ApplyResult<T> = { readonly result: T } & Omit<Applied<never>, 'outcomes'>;

/** What a store's writes do, one after the other, each in a transaction of its own: the same over whatever tables. */
export class StoreDesk implements StoreWriter {
  readonly #tables: Tables;
  readonly #turns: Turns;
  readonly #transaction: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #promising: Promising;
  readonly #applier: BatchApplier;
  readonly #digests: PositionDigests;
  readonly #promises: PromiseApplier;
  readonly #trim: DownLogTrim;
  readonly #takeOver: TakeOver;
  readonly #snapshots: Snapshots;
  readonly #epochs: Epochs;
  readonly #settling: Settling;
  #areAllIntroduced = false;

  /**
   * `transaction` makes what the work does durable, all or nothing, and what the rules read is what the writes find. It may run the
   * work again from its beginning, after taking back what a run has done. Whatever else must not see half a write takes its
   * turn, too.
   */
  constructor(
    tables: Tables,
    runs: { readonly turns: Turns; readonly transaction: <T>(work: () => Promise<T>) => Promise<T> },
  ) {
    this.#tables = tables;
    this.#turns = runs.turns;
    this.#transaction = runs.transaction;
    this.#promising = new Promising(tables);
    this.#digests = new PositionDigests(tables);
    this.#epochs = new Epochs(tables, this.#promising);
    this.#settling = new Settling(tables, this.#promising);
    this.#applier = new BatchApplier(tables, this.#promising, { settling: this.#settling, digests: this.#digests });
    this.#snapshots = new Snapshots(tables, this.#promising, { settling: this.#settling, digests: this.#digests });
    this.#promises = new PromiseApplier(tables, this.#promising);
    this.#trim = new DownLogTrim(tables);
    this.#takeOver = new TakeOver(tables, this.#promises);
  }

  async enrol(warehouse: WarehouseId, request: EnrolRequest, now: number): Promise<Enrolment> {
    const { nodes, nodeWriter, lives, batchLog, epochs } = this.#tables;
    const { result } = await this.#apply(async (): Promise<Enrolment> => {
      const { sequence } = request.place;
      const record = await nodes.get(warehouse);
      const decided = decideEnrolment(record, request, {
        overtaken: await lives.overtaken(warehouse, request.instance),
        warehouses: await nodes.count(),
        hashAtPlace: sequence === 0 ? genesisHash : await batchLog.hashAt(warehouse, sequence),
      });
      if (decided.outcome === 'refused') return decided;
      const { epoch } = decided;
      if (decided.outcome === 'new') {
        await nodeWriter.insert({ warehouse, epoch, instance: request.instance }, now);
        await this.#promises.introduce(warehouse);
        if (decided.isForgotten) await this.#promising.availability.exclude(warehouse);
      } else await nodeWriter.beginLater({ warehouse, epoch, instance: request.instance });
      const { appliedUpTo: applied, appliedHash } = record ?? { appliedUpTo: 0, appliedHash: genesisHash };
      const cursor = { applied, hash: Buffer.from(appliedHash).toString('hex') };
      return { outcome: 'enrolled', epoch, centralEpoch: await epochs.current(), cursor };
    });
    return result;
  }

  async rejoin(warehouse: WarehouseId, request: TakeOverRequest, now: number): Promise<Rejoined> {
    const { result, ...applied } = await this.#apply(
      async () => {
        const outcome = await this.#takeOver.decide(warehouse, request, now);
        if (outcome.outcome === 'taken-over') await this.#tables.positionDigests.written([warehouse]);
        return { outcome, centralEpoch: await this.#tables.epochs.current() };
      },
      // States that had gone ahead have the places of the log now.
      ({ outcome }) => {
        if (outcome.outcome === 'taken-over') this.#digests.forgetOne(warehouse);
      },
    );
    return { ...applied, reply: rejoinedReply(result.outcome, result.centralEpoch, now) };
  }

  recordCovered(covered: readonly { readonly warehouse: WarehouseId; readonly sequence: number }[]): Promise<void> {
    return this.#write(async () => {
      for (const { warehouse, sequence } of covered) await this.#tables.nodeWriter.cover(warehouse, sequence);
    });
  }

  async applyBatches(batches: readonly VerifiedBatch[], now: number): Promise<Applied<BatchOutcome>> {
    const { result, ...applied } = await this.#ingest(async () => {
      this.#applier.begin();
      const outcomes: BatchOutcome[] = [];
      for (const batch of batches) outcomes.push(await this.#applier.applyBatch(batch, now));
      await this.#applier.end(now);
      return outcomes;
    });
    return { outcomes: result, ...applied };
  }

  async applyStates(messages: readonly StateMessage[], now: number): Promise<Applied<StatesOutcome>> {
    const { result, ...applied } = await this.#ingest(async () => {
      this.#applier.begin();
      const outcomes: StatesOutcome[] = [];
      for (const message of messages) outcomes.push(await this.#applier.applyStates(message));
      await this.#applier.end(now);
      return outcomes;
    });
    return { outcomes: result, ...applied };
  }

  beginSnapshot(
    warehouse: WarehouseId,
    { instance, manifest }: { readonly instance: string; readonly manifest: SnapshotManifest },
    now: number,
  ): Promise<TakenIn> {
    return this.#takeIn(() => this.#snapshots.begin(warehouse, instance, manifest, now));
  }

  putSnapshotChunk(warehouse: WarehouseId, chunk: OfferedChunk, now: number): Promise<TakenIn> {
    return this.#takeIn(() => this.#snapshots.put(warehouse, chunk, now));
  }

  takeSnapshot(
    warehouse: WarehouseId,
    offered: { readonly instance: string; readonly root: string },
    now: number,
  ): Promise<TakenIn> {
    return this.#takeIn(
      () => {
        this.#digests.rewritten(warehouse);
        return this.#snapshots.take(warehouse, offered, now);
      },
      // Counted anew, from what is there: the next digest of the node is held against all of it.
      () => this.#digests.forgetOne(warehouse),
    );
  }

  countPositions(rowsMax: number): Promise<boolean> {
    return this.#turns.take(async () => {
      await this.#digests.begin();
      return this.#digests.countNext(rowsMax);
    });
  }

  recountPositions(): Promise<void> {
    return this.#turns.take(() => this.#digests.forget());
  }

  async promise(commands: readonly PromiseCommand[], now: number): Promise<Applied<PromiseOutcome>> {
    const { result, ...applied } = await this.#apply(async () => {
      const outcomes = await this.#promises.apply(commands, now);
      await this.#promising.serve(now);
      return outcomes;
    });
    return { outcomes: result, ...applied };
  }

  async beginEpoch(beginning: EpochBeginning, now: number): Promise<Applied<never> & EpochBegun> {
    const { result, ...applied } = await this.#apply(() => this.#epochs.begin(beginning, now));
    return { outcomes: [], ...applied, ...result };
  }

  async statePlace(warehouse: WarehouseId, sequence: number, now: number): Promise<Applied<never>> {
    const { result: _, ...applied } = await this.#apply(async () => {
      if (!(await this.#promising.unsettled.state(warehouse, sequence))) return;
      await this.#settling.settleDue(now);
      await this.#promising.deficits.coverFreed(now);
      await this.#promising.serve(now);
    });
    return { outcomes: [], ...applied };
  }

  recordCarriedOut(cursors: readonly { readonly warehouse: WarehouseId; readonly sequence: number }[]): Promise<void> {
    return this.#write(async () => {
      for (const { warehouse, sequence } of cursors) await this.#promising.downLog.carriedOut(warehouse, sequence);
    });
  }

  trimDirectives(now: number, rowsMax: number): Promise<DownTrim> {
    return this.#write(() => this.#trim.trim(now, rowsMax));
  }

  recordHeard(heard: readonly Heard[]): Promise<void> {
    return this.#write(async () => {
      for (const one of eachNodeOnce(heard)) await this.#tables.nodeWriter.hear(one);
    });
  }

  clampTimes(now: number): Promise<void> {
    return this.#write(async () => this.#tables.nodeWriter.clampTimes(now));
  }

  quarantine(item: QuarantineInput, now: number): Promise<void> {
    return this.#write(async () => this.#tables.quarantine.put(item, now));
  }

  async #takeIn(step: () => Promise<SnapshotStep>, committed?: () => void): Promise<TakenIn> {
    const { result, ...applied } = await this.#ingest(step, committed);
    return { ...result, ...applied };
  }

  /** A transaction of what nodes say, in which their positions are counted along. */
  #ingest<T>(work: () => Promise<T>, committed?: () => void): Promise<ApplyResult<T>> {
    return this.#apply(
      async () => {
        await this.#digests.begin();
        const result = await work();
        await this.#digests.end();
        return result;
      },
      () => {
        this.#digests.committed();
        committed?.();
      },
    );
  }

  /** A transaction whose work may change answers and tell nodes. */
  #apply<T>(work: () => Promise<T>, committed?: (result: T) => void): Promise<ApplyResult<T>> {
    return this.#write(
      () => this.#promised(work),
      ({ result }) => committed?.(result),
    );
  }

  async #promised<T>(work: () => Promise<T>): Promise<ApplyResult<T>> {
    this.#promising.begin();
    const result = await work();
    return { result, ...(await this.#promising.end()) };
  }

  /** `committed` is done before the next write begins. */
  #write<T>(work: () => Promise<T>, committed?: (result: T) => void): Promise<T> {
    return this.#turns.take(async () => {
      if (!this.#areAllIntroduced) {
        // Nodes that were enrolled by a release which had no words for them: they are told with the first write of a life.
        await this.#transaction(() => this.#promised(() => this.#promises.introduceAll()));
        this.#areAllIntroduced = true;
      }
      const result = await this.#transaction(work);
      committed?.(result);
      return result;
    });
  }
}

/** Lists that name each node once: what one said first is in the first of them. */
function eachNodeOnce(heard: readonly Heard[]): readonly (readonly Heard[])[] {
  const lists: Heard[][] = [];
  const named = new Map<WarehouseId, number>();
  for (const one of heard) {
    const place = named.get(one.warehouse) ?? 0;
    named.set(one.warehouse, place + 1);
    const list = lists[place];
    if (list === undefined) lists.push([one]);
    else list.push(one);
  }
  return lists;
}
