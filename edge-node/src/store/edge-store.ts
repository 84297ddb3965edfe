import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Clock } from '@edgestock/shared/runtime/clock';
import type { Random } from '@edgestock/shared/runtime/random';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import { ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import type { Database } from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { DocumentStore } from './document-store.ts';
import { ExceptionStore } from './exception-store.ts';
import { IdempotencyStore } from './idempotency-store.ts';
import { ImportStore } from './import-store.ts';
import { ItemStore } from './item-store.ts';
import { migrations } from './migrations.ts';
import { MovementStore } from './movement-store.ts';
import { NodeStore } from './node-store.ts';
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
  readonly #database: Database;
  readonly #lock: ProcessLock;

  private constructor(database: Database, lock: ProcessLock) {
    this.#database = database;
    this.#lock = lock;
    const typed = drizzle(database);
    this.node = new NodeStore(database);
    this.items = new ItemStore(database, typed);
    this.shelves = new ShelfStore(database);
    this.movements = new MovementStore(database);
    this.idempotency = new IdempotencyStore(database);
    this.exceptions = new ExceptionStore(database, typed);
    this.imports = new ImportStore(database);
    this.documents = new DocumentStore(database, { items: this.items, exceptions: this.exceptions });
    this.outbox = new Outbox({ database, node: this.node, movements: this.movements, shelves: this.shelves });
  }

  /**
   * Opens (or makes) the database in a data directory. Throws `DataDirectoryInUse`, `WrongWarehouse` or `DatabaseRefused`,
   * each with what to do about it.
   */
  static open(options: { dataDir: string; warehouse: WarehouseId; clock: Clock; random: Random }): EdgeStore {
    mkdirSync(options.dataDir, { recursive: true });
    const lock = ProcessLock.take(join(options.dataDir, 'lock'));
    try {
      const database = openDatabase(join(options.dataDir, 'edge.sqlite'), { cacheKiB: CACHE_KIB });
      try {
        database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
        migrate(database, migrations);
        NodeStore.install(database, {
          warehouse: options.warehouse,
          instance: options.random.hex(16),
          now: options.clock.now(),
        });
        return new EdgeStore(database, lock);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Runs the work in one durable transaction: all of it or, when it throws, none. */
  transaction(work: () => void): void {
    this.#database.transaction(work).immediate();
  }

  /** Bytes of the database file, without its write-ahead log. */
  databaseBytes(): number {
    const pages = Number(this.#database.pragma('page_count', { simple: true }));
    return pages * Number(this.#database.pragma('page_size', { simple: true }));
  }

  close(): void {
    this.outbox.flush();
    this.#database.close();
    this.#lock.release();
  }
}
