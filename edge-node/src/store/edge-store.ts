import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { DataDirectoryUnusable, isDiskTrouble, takeDataDirectory } from '@edgestock/shared/sqlite/data-directory';
import { DatabaseDamaged, openedSound, refuseDamaged } from '@edgestock/shared/sqlite/database-check';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import type { ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { endsWithRecognition, restoredAs } from '../rules/restored.ts';
import { CarryOver, type Shortage, settleArrivals, shortages, skusSetAside } from './carry-over.ts';
import { DiskDistrusted, isDiskFailure } from './disk-failure.ts';
import { type AuditedSetAsides, DocumentAudit } from './document-audit.ts';
import { DocumentStore } from './document-store.ts';
import { DATA_DIR_SETTING, DATABASE_FILE, LOCK_FILE } from './edge-backup.ts';
import { ExceptionStore } from './exception-store.ts';
import { HighWater, prefixOf } from './high-water.ts';
import { IdempotencyStore } from './idempotency-store.ts';
import { ImportStore } from './import-store.ts';
import { ItemStore } from './item-store.ts';
import { migrations } from './migrations.ts';
import { MovementStore } from './movement-store.ts';
import { NodeStore, type Restored } from './node-store.ts';
import { Outbox } from './outbox.ts';
import { ShelfStore } from './shelf-store.ts';

/** Page cache per node: small, because hundreds of nodes may live in one process; the hot pages of a store fit. */
export const CACHE_KIB = 8 * 1024;
/**
 * Pages in the write-ahead log before they are copied into the database: 16 MB instead of SQLite's 4. Sales scattered over an
 * assortment dirty three pages each; the longer they wait, the more of them are copied once for many. A quarter less is
 * written per sale, for half the time in the system (16 to 8 µs), and a start after a crash reads 16 MB at most.
 */
export const CHECKPOINT_PAGES = 4_000;

/** What to do about damaged books. */
export const SALVAGE =
  'On a sound disk: edgestock edge salvage takes what can be read into new books, and edge rejoin adds what central has; or restore the last backup.';

/** The node's database: the only owner of its data directory for as long as it is open. */
export class EdgeStore {
  readonly node: NodeStore;
  readonly items: ItemStore;
  readonly shelves: ShelfStore;
  readonly movements: MovementStore;
  readonly idempotency: IdempotencyStore;
  readonly exceptions: ExceptionStore;
  readonly imports: ImportStore;
  readonly documents: DocumentStore;
  readonly outbox: Outbox;
  readonly #database: Database.Database;
  readonly #path: string;
  readonly #lock: ProcessLock;
  #failure: Error | undefined;
  #onFailed: ((failure: Error) => void) | undefined;
  #restored: Restored | undefined;

  private constructor(database: Database.Database, lock: ProcessLock, options: { dataDir: string; clock: Clock }) {
    this.#database = database;
    this.#path = database.name;
    this.#lock = lock;
    const typed = drizzle(database);
    this.node = new NodeStore(database);
    this.items = new ItemStore(database, typed);
    this.shelves = new ShelfStore(database);
    this.movements = new MovementStore(database);
    this.idempotency = new IdempotencyStore(database);
    this.exceptions = new ExceptionStore(database, typed);
    this.imports = new ImportStore(database);
    this.documents = new DocumentStore(database, this);
    this.outbox = new Outbox({
      database,
      node: this.node,
      movements: this.movements,
      shelves: this.shelves,
      inbox: this.documents.directives,
      highWater: new HighWater({
        ...options,
        identity: () => this.node.identity(),
        head: this.node.head(),
      }),
    });
    this.#restored = this.#judge(options);
  }

  /**
   * Opens (or makes) the database in a data directory. Throws `DataDirectoryUnusable`, `DataDirectoryInUse`, `WrongWarehouse`,
   * `DatabaseDamaged` or `DatabaseRefused`, each with what to do about it.
   */
  static open(options: { dataDir: string; warehouse: WarehouseId; clock: Clock; random: Random }): EdgeStore {
    const lock = takeDataDirectory(options.dataDir, { lock: LOCK_FILE, setting: DATA_DIR_SETTING });
    try {
      return openable(options.dataDir, () =>
        openedSound(join(options.dataDir, DATABASE_FILE), () => EdgeStore.#open(options, lock)),
      );
    } catch (error) {
      lock.release();
      if (error instanceof DatabaseDamaged) throw new DatabaseDamaged(error.message, { cause: error, remedy: SALVAGE });
      throw error;
    }
  }

  static #open(options: { dataDir: string; warehouse: WarehouseId; clock: Clock; random: Random }, lock: ProcessLock) {
    const database = openDatabase(join(options.dataDir, DATABASE_FILE), { cacheKiB: CACHE_KIB });
    try {
      refuseDamaged(database);
      database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      // Before anything is written: on a disk that was full when the node died, the log may hold the only space there is.
      truncateWriteAheadLog(database);
      migrate(database, migrations);
      NodeStore.install(database, {
        warehouse: options.warehouse,
        instance: options.random.hex(16),
        now: options.clock.now(),
      });
      return new EdgeStore(database, lock, options);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** The database's file. */
  get path(): string {
    return this.#path;
  }

  /**
   * Why this database is not known to be the latest state of its log, and since when: it was put back, rolled back or moved.
   * Facts are recorded all the same (P4); promises wait until central has recognised the log.
   */
  get restored(): Restored | undefined {
    return this.#restored;
  }

  /** Central knows this log and nothing of it that is missing here. A proven loss stays one until the node has rejoined. */
  recognised(): void {
    if (this.#restored === undefined || !endsWithRecognition(this.#restored.kind)) return;
    this.transaction(() => this.node.recognise());
    this.#restored = undefined;
  }

  /** Said once and kept: the file beside the database goes on with whatever log there is. */
  #judge({ dataDir, clock }: { dataDir: string; clock: Clock }): Restored | undefined {
    const read = HighWater.read(dataDir);
    const mark = read === 'unreadable' ? undefined : read;
    const { sequence } = this.outbox.head();
    const hashAtMark = mark && this.outbox.hashAt(mark.sequence);
    const kind = restoredAs({
      isBackup: this.node.backupAt() !== undefined,
      hasHighWater: this.node.hasHighWater() && sequence > 0,
      instance: this.node.identity().instance,
      sequence,
      mark,
      isMarkUnreadable: read === 'unreadable',
      hashAtMark: hashAtMark && prefixOf(hashAtMark),
    });
    const known = this.node.restored();
    // A loss that was proven once is not forgotten because the file has gone on with what is left.
    if (kind !== undefined && (known === undefined || kind === 'rolled-back')) {
      this.node.setRestored({ kind, at: clock.now() });
    }
    // Once: a node also starts on a disk that has no room for a write.
    const isKept = this.outbox.keepHighWater();
    if (isKept && !this.node.hasHighWater()) this.node.keepHighWater();
    return this.node.restored();
  }

  /** What only the books know that these replace. Closed by its owner; not inside a transaction. */
  carryOverFrom(path: string): CarryOver {
    return new CarryOver(this.#database, path);
  }

  /** For the one that takes a log up: see `carry-over.ts`. */
  readonly adopted = {
    settleArrivals: (): void => settleArrivals(this.#database, this.node.identity().warehouse),
    skusSetAside: (): readonly Sku[] => skusSetAside(this.#database),
    shortages: (): readonly Shortage[] => shortages(this.#database),
    setAsides: (sku: Sku): AuditedSetAsides => new DocumentAudit(this.#database).setAsides(sku),
  } as const;

  /**
   * Runs the work in one durable transaction: all of it or, when it throws, none. Where the disk failed in it (see
   * `isDiskFailure`), nobody knows which of both; then nothing more is written by this connection, and the failure is told.
   */
  transaction(work: () => void): void {
    if (this.#failure !== undefined) throw new DiskDistrusted(this.#failure);
    try {
      this.#database.transaction(work).immediate();
    } catch (error) {
      if (isDiskFailure(error)) {
        this.#failure = error;
        this.#onFailed?.(error);
      }
      throw error;
    }
  }

  /** Calls back, once, when the disk failed under a write: to be closed, and opened again. */
  onFailed(listener: (failure: Error) => void): void {
    this.#onFailed = listener;
  }

  /** Bytes of the database file, without its write-ahead log. */
  databaseBytes(): number {
    const pages = Number(this.#database.pragma('page_count', { simple: true }));
    return pages * Number(this.#database.pragma('page_size', { simple: true }));
  }

  /**
   * Copies the write-ahead log into the database and gives its space back to the disk. True when it gave any: not when the
   * log was empty, nor when the copy needs more room than a full disk has.
   */
  emptyWriteAheadLog(): boolean {
    const bytes = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    return bytes > 0 && truncateWriteAheadLog(this.#database);
  }

  /** Bounds the database file: a write that needs more pages than there are fails as on a full disk, with SQLITE_FULL. */
  boundPages(pagesMax: number): void {
    this.#database.pragma(`max_page_count = ${pagesMax}`);
  }

  /**
   * Ends cleanly on a disk that takes no write, too: all that is not durable by now is central's cursor as last heard, which
   * central says again.
   */
  close(): void {
    try {
      if (this.#failure === undefined) this.outbox.flush();
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error;
    } finally {
      this.#database.close();
      this.#lock.release();
    }
  }
}

/** Opens what is in the directory; trouble with the disk gets words and a hint. */
function openable<Opened>(directory: string, open: () => Opened): Opened {
  try {
    return open();
  } catch (cause) {
    if (!isDiskTrouble(cause)) throw cause;
    throw new DataDirectoryUnusable(`the database in ${directory} cannot be opened`, {
      setting: DATA_DIR_SETTING,
      cause,
    });
  }
}

/** False when the disk does not let it: then the log stays as it is, and nothing is lost. */
function truncateWriteAheadLog(database: Database.Database): boolean {
  try {
    const [result] = database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    return result?.busy === 0;
  } catch (error) {
    // Whatever ails the disk, the next write meets it again and tells it where it matters.
    if (error instanceof Database.SqliteError) return false;
    throw error;
  }
}
