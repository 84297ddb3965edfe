import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { genesisHash } from '@edgestock/shared/protocol/chain';
import type { EnrolRequest } from '@edgestock/shared/protocol/control';
import type { StateMessage } from '@edgestock/shared/protocol/message';
import type { TakeOverRequest } from '@edgestock/shared/protocol/rejoin';
import type { SnapshotManifest } from '@edgestock/shared/protocol/snapshot';
import Database from 'better-sqlite3';
import { decideEnrolment, type Enrolment } from '../../rules/enrolment.ts';
import type { Heard } from '../../rules/node-record.ts';
import type { PromiseCommand, PromiseOutcome } from '../../rules/promise-command.ts';
import type { VerifiedBatch } from '../../rules/verified-batch.ts';
import type {
  Applied,
  BatchOutcome,
  CentralStore,
  EpochBeginning,
  OfferedChunk,
  QuarantineInput,
  Rejoined,
  SnapshotStep,
  StatesOutcome,
  TakenIn,
} from '../central-store.ts';
import type { DownTrim, PromiseStore } from '../promise-store.ts';
import { StoreFull } from '../store-full.ts';
import { BatchApplier } from './batch-applier.ts';
import { SqliteCentralReader } from './central-reader.ts';
import { DownLogTrim } from './down/down-log-trim.ts';
import { Epochs } from './epochs/epochs.ts';
import { Settling } from './epochs/settling.ts';
import { Promising } from './orders/promising.ts';
import { BatchLog } from './positions/batch-log.ts';
import { LifeReader } from './positions/life-table.ts';
import { NodeReader, NodeWriter } from './positions/node-table.ts';
import { PositionDigests } from './positions/position-digests.ts';
import { QuarantineWriter } from './positions/quarantine-table.ts';
import { rejoinedReply, TakeOver } from './positions/take-over.ts';
import { PromiseApplier } from './promise-applier.ts';
import { Snapshots } from './snapshots/snapshots.ts';

/** The whole store on one writing connection. SQLite has one writer at a time: give this to one thread of one process. */
export class SqliteCentralStore extends SqliteCentralReader implements CentralStore, PromiseStore {
  readonly #promising: Promising;
  readonly #applier: BatchApplier;
  readonly #digests: PositionDigests;
  readonly #promises: PromiseApplier;
  readonly #trim: DownLogTrim;
  readonly #takeOver: TakeOver;
  readonly #snapshots: Snapshots;
  readonly #epochs: Epochs;
  readonly #settling: Settling;
  readonly #nodes: NodeReader;
  readonly #nodeWriter: NodeWriter;
  readonly #log: BatchLog;
  readonly #lives: LifeReader;
  readonly #quarantine: QuarantineWriter;
  readonly #write: <T>(work: () => T) => T;

  constructor(database: Database.Database) {
    super(database);
    this.#promising = new Promising(database);
    this.#digests = new PositionDigests(database);
    this.#epochs = new Epochs(database, this.#promising);
    this.#settling = new Settling(database, this.#promising);
    this.#applier = new BatchApplier(database, this.#promising, { settling: this.#settling, digests: this.#digests });
    this.#snapshots = new Snapshots(database, this.#promising, { settling: this.#settling, digests: this.#digests });
    this.#promises = new PromiseApplier(database, this.#promising);
    this.#trim = new DownLogTrim(database);
    this.#takeOver = new TakeOver(database, this.#promises);
    this.#nodes = new NodeReader(database);
    this.#nodeWriter = new NodeWriter(database);
    this.#log = new BatchLog(database);
    this.#lives = new LifeReader(database);
    this.#quarantine = new QuarantineWriter(database);
    // Immediate: what the rules read is what the writes find, and a busy writer is waited for before any work.
    const run = database.transaction((work: () => unknown) => work());
    this.#write = <T>(work: () => T) => {
      try {
        return run.immediate(work) as T;
      } catch (error) {
        if (isDiskFull(error)) throw fullStore(database, error);
        throw error;
      }
    };
    this.#apply(() => this.#promises.introduceAll());
  }

  async enrol(warehouse: WarehouseId, request: EnrolRequest, now: number): Promise<Enrolment> {
    const centralEpoch = await this.centralEpoch();
    const { result } = this.#apply((): Enrolment => {
      const { sequence } = request.place;
      const decided = decideEnrolment(this.#nodes.get(warehouse), request, {
        overtaken: this.#lives.overtaken(warehouse, request.instance),
        warehouses: this.#nodes.count(),
        hashAtPlace: sequence === 0 ? genesisHash : this.#log.hashAt(warehouse, sequence),
      });
      if (decided.outcome === 'refused') return decided;
      const { epoch } = decided;
      if (decided.outcome === 'new') {
        this.#nodeWriter.insert({ warehouse, epoch, instance: request.instance }, now);
        this.#promises.introduce(warehouse);
        if (decided.isForgotten) this.#promising.availability.exclude(warehouse);
      } else this.#nodeWriter.beginLater({ warehouse, epoch, instance: request.instance });
      return { outcome: 'enrolled', epoch, centralEpoch };
    });
    return result;
  }

  async rejoin(warehouse: WarehouseId, request: TakeOverRequest, now: number): Promise<Rejoined> {
    const centralEpoch = await this.centralEpoch();
    const { result, ...applied } = this.#apply(() => this.#takeOver.decide(warehouse, request, now));
    // States that had gone ahead have the places of the log now.
    if (result.outcome === 'taken-over') this.#digests.forgetOne(warehouse);
    return { ...applied, reply: rejoinedReply(result, centralEpoch, now) };
  }

  async recordCovered(
    covered: readonly { readonly warehouse: WarehouseId; readonly sequence: number }[],
  ): Promise<void> {
    this.#write(() => {
      for (const { warehouse, sequence } of covered) this.#nodeWriter.cover(warehouse, sequence);
    });
  }

  async applyBatches(batches: readonly VerifiedBatch[], now: number): Promise<Applied<BatchOutcome>> {
    const { result, ...applied } = this.#ingest(() => {
      this.#applier.begin();
      const outcomes = batches.map((batch) => this.#applier.applyBatch(batch, now));
      this.#applier.end(now);
      return outcomes;
    });
    return { outcomes: result, ...applied };
  }

  async applyStates(messages: readonly StateMessage[], now: number): Promise<Applied<StatesOutcome>> {
    const { result, ...applied } = this.#ingest(() => {
      this.#applier.begin();
      const outcomes = messages.map((message) => this.#applier.applyStates(message));
      this.#applier.end(now);
      return outcomes;
    });
    return { outcomes: result, ...applied };
  }

  async beginSnapshot(
    warehouse: WarehouseId,
    { instance, manifest }: { readonly instance: string; readonly manifest: SnapshotManifest },
    now: number,
  ): Promise<TakenIn> {
    return this.#takeIn(() => this.#snapshots.begin(warehouse, instance, manifest, now));
  }

  async putSnapshotChunk(warehouse: WarehouseId, chunk: OfferedChunk, now: number): Promise<TakenIn> {
    return this.#takeIn(() => this.#snapshots.put(warehouse, chunk, now));
  }

  async takeSnapshot(
    warehouse: WarehouseId,
    offered: { readonly instance: string; readonly root: string },
    now: number,
  ): Promise<TakenIn> {
    const taken = this.#takeIn(() => this.#snapshots.take(warehouse, offered, now));
    // Counted anew, from what is there: the next digest of the node is held against all of it.
    this.#digests.forgetOne(warehouse);
    return taken;
  }

  async countPositions(rowsMax: number): Promise<boolean> {
    return this.#digests.countNext(rowsMax);
  }

  async recountPositions(): Promise<void> {
    this.#digests.forget();
  }

  async promise(commands: readonly PromiseCommand[], now: number): Promise<Applied<PromiseOutcome>> {
    const { result, ...applied } = this.#apply(() => {
      const outcomes = commands.map((command) => this.#promises.apply(command, now));
      this.#promising.serve(now);
      return outcomes;
    });
    return { outcomes: result, ...applied };
  }

  async beginEpoch(
    beginning: EpochBeginning,
    now: number,
  ): Promise<Applied<never> & { readonly centralEpoch: number }> {
    const { result, ...applied } = this.#apply(() => this.#epochs.begin(beginning, now));
    return { outcomes: [], ...applied, centralEpoch: result };
  }

  async statePlace(warehouse: WarehouseId, sequence: number, now: number): Promise<Applied<never>> {
    const { result: _, ...applied } = this.#apply(() => {
      if (!this.#promising.unsettled.state(warehouse, sequence)) return;
      this.#settling.settleDue(now);
      this.#promising.deficits.coverFreed(now);
      this.#promising.serve(now);
    });
    return { outcomes: [], ...applied };
  }

  async recordCarriedOut(
    cursors: readonly { readonly warehouse: WarehouseId; readonly sequence: number }[],
  ): Promise<void> {
    this.#write(() => {
      for (const { warehouse, sequence } of cursors) this.#promising.downLog.carriedOut(warehouse, sequence);
    });
  }

  async trimDirectives(now: number, rowsMax: number): Promise<DownTrim> {
    return this.#write(() => this.#trim.trim(now, rowsMax));
  }

  async recordHeard(heard: readonly Heard[]): Promise<void> {
    this.#write(() => {
      for (const one of heard) this.#nodeWriter.hear(one);
    });
  }

  async clampTimes(now: number): Promise<void> {
    this.#write(() => this.#nodeWriter.clampTimes(now));
  }

  async quarantine(item: QuarantineInput, now: number): Promise<void> {
    this.#write(() => this.#quarantine.put(item, now));
  }

  async close(): Promise<void> {
    this.database.close();
  }

  #takeIn(step: () => SnapshotStep): TakenIn {
    const { result, ...applied } = this.#ingest(step);
    return { ...result, ...applied };
  }

  /** A transaction of what nodes say, in which their positions are counted along. */
  #ingest<T>(work: () => T): { readonly result: T } & Omit<Applied<never>, 'outcomes'> {
    try {
      const applied = this.#apply(work);
      this.#digests.committed();
      return applied;
    } catch (error) {
      this.#digests.rolledBack();
      throw error;
    }
  }

  /** A transaction whose work may change answers and tell nodes. */
  #apply<T>(work: () => T): { readonly result: T } & Omit<Applied<never>, 'outcomes'> {
    return this.#write(() => {
      this.#promising.begin();
      const result = work();
      return { result, ...this.#promising.end() };
    });
  }
}

/**
 * What a full disk looks like. The database's own pages fail with SQLITE_FULL; where the log or its shared index cannot grow,
 * SQLite tells of input and output instead. The driver does not say what the system said, but these are the calls that need
 * room. A failed read or fsync is another matter: waiting would hide a broken disk.
 */
const fullDiskCodes = [
  'SQLITE_FULL',
  'SQLITE_IOERR_WRITE',
  'SQLITE_IOERR_TRUNCATE',
  'SQLITE_IOERR_SHMOPEN',
  'SQLITE_IOERR_SHMSIZE',
  'SQLITE_IOERR_SHMMAP',
];

export function isDiskFull(error: unknown): error is Error {
  return error instanceof Database.SqliteError && fullDiskCodes.includes(error.code);
}

/** The failure to tell of. The log is cut first: what it holds twice may be the room that the next attempt needs. */
function fullStore(database: Database.Database, cause: Error): StoreFull {
  try {
    database.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return new StoreFull(`${cause.message}; its log could not be cut: ${reason}`, { cause });
  }
  return new StoreFull(cause.message, { cause });
}
