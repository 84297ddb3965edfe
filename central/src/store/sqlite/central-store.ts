import { Turns } from '@edgestock/shared/runtime/turns';
import Database, { type Statement } from 'better-sqlite3';
import type { CentralStore } from '../central-store.ts';
import { StoreDesk } from '../desks/store-desk.ts';
import type { PromiseStore } from '../promise-store.ts';
import type { StoreFailing } from '../store-failing.ts';
import { StoreFull } from '../store-full.ts';
import { StoreLocked } from '../store-locked.ts';
import type { Tables } from '../tables/tables.ts';
import { SqliteCentralReader } from './central-reader.ts';
import { HeldFiles } from './held-files.ts';
import { SqlitePromiseReader } from './promise-reader.ts';
import { sqliteTables } from './sqlite-tables.ts';

/** The whole store on one writing connection. SQLite has one writer at a time: give this to one thread of one process. */
export class SqliteCentralStore extends SqliteCentralReader implements CentralStore, PromiseStore {
  readonly #turns = new Turns();
  readonly #desk: StoreDesk;
  readonly #files: HeldFiles;
  readonly #begin: Statement<[]>;
  readonly #commit: Statement<[]>;
  readonly #rollback: Statement<[]>;

  /** `tables` are those of the same connection. */
  constructor(database: Database.Database, tables: Tables = sqliteTables(database)) {
    super(database);
    this.#files = new HeldFiles(database);
    // Immediate: what the rules read is what the writes find, and a busy writer is waited for before any work.
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#desk = new StoreDesk(tables, {
      turns: this.#turns,
      transaction: (work) => this.#transaction(work),
    });
    this.#readInTurn(SqlitePromiseReader.prototype);
    this.#readInTurn(SqliteCentralReader.prototype);
  }

  enrol: CentralStore['enrol'] = (...asked) => this.#desk.enrol(...asked);
  rejoin: CentralStore['rejoin'] = (...asked) => this.#desk.rejoin(...asked);
  recordCovered: CentralStore['recordCovered'] = (...asked) => this.#desk.recordCovered(...asked);
  applyBatches: CentralStore['applyBatches'] = (...asked) => this.#desk.applyBatches(...asked);
  applyStates: CentralStore['applyStates'] = (...asked) => this.#desk.applyStates(...asked);
  beginSnapshot: CentralStore['beginSnapshot'] = (...asked) => this.#desk.beginSnapshot(...asked);
  putSnapshotChunk: CentralStore['putSnapshotChunk'] = (...asked) => this.#desk.putSnapshotChunk(...asked);
  takeSnapshot: CentralStore['takeSnapshot'] = (...asked) => this.#desk.takeSnapshot(...asked);
  countPositions: CentralStore['countPositions'] = (...asked) => this.#desk.countPositions(...asked);
  recountPositions: CentralStore['recountPositions'] = () => this.#desk.recountPositions();
  beginEpoch: CentralStore['beginEpoch'] = (...asked) => this.#desk.beginEpoch(...asked);
  statePlace: CentralStore['statePlace'] = (...asked) => this.#desk.statePlace(...asked);
  recordHeard: CentralStore['recordHeard'] = (...asked) => this.#desk.recordHeard(...asked);
  clampTimes: CentralStore['clampTimes'] = (...asked) => this.#desk.clampTimes(...asked);
  quarantine: CentralStore['quarantine'] = (...asked) => this.#desk.quarantine(...asked);
  promise: PromiseStore['promise'] = (...asked) => this.#desk.promise(...asked);
  recordCarriedOut: PromiseStore['recordCarriedOut'] = (...asked) => this.#desk.recordCarriedOut(...asked);
  trimDirectives: PromiseStore['trimDirectives'] = (...asked) => this.#desk.trimDirectives(...asked);

  close(): Promise<void> {
    return this.#turns.take(() => {
      this.#files.settle();
      this.database.close();
    });
  }

  /** All that is awaited in it is there already: it takes no longer than its statements. */
  async #transaction<T>(work: () => Promise<T>): Promise<T> {
    this.#files.refuseOthers();
    try {
      this.#begin.run();
      const result = await work();
      this.#commit.run();
      return result;
    } catch (error) {
      // SQLite has done it itself after some failures.
      if (this.database.inTransaction) this.#rollback.run();
      throw isDiskFull(error) ? fullStore(this.database, error) : (lockedStore(error) ?? error);
    }
  }

  /** Reads wait for the write that is under way: on its connection they would see half of it. */
  #readInTurn(reads: SqlitePromiseReader): void {
    for (const [name, { value: read }] of Object.entries(Object.getOwnPropertyDescriptors(reads))) {
      if (name === 'constructor' || typeof read !== 'function') continue;
      const value = (...asked: readonly unknown[]) => this.#turns.take(() => Reflect.apply(read, this, asked));
      Object.defineProperty(this, name, { value, configurable: true, writable: true });
    }
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

/** Somebody has held the file for longer than is waited for. */
export function lockedStore(cause: unknown): StoreFailing | undefined {
  if (!(cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY'))) return undefined;
  return new StoreLocked(`another program holds the file of the store: ${cause.message}`, { cause });
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
