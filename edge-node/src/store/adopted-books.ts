import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { type MovementKind, movementKinds } from '@edgestock/shared/inventory/movement';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { chainHash } from '@edgestock/shared/protocol/chain';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { UpBatch } from '@edgestock/shared/protocol/message';
import type { SetAsideHolder, SnapshotRow, SnapshotSetAside } from '@edgestock/shared/protocol/snapshot';
import { assert } from '@edgestock/shared/runtime/assert';
import { migrate } from '@edgestock/shared/sqlite/migrate';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import type { Database, Statement } from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { reservationLimits } from '../limits.ts';
import { placeChanges } from '../rules/place-changes.ts';
import { type Shelf, withBalance } from '../rules/shelf.ts';
import { AdoptedDocuments } from './adopted-documents.ts';
import { type AuditedSetAsides, DocumentAudit } from './document-audit.ts';
import { DATABASE_FILE } from './edge-backup.ts';
import { ItemStore } from './item-store.ts';
import { migrations } from './migrations.ts';
import { MovementStore } from './movement-store.ts';
import { type LogHead, NodeStore } from './node-store.ts';
import { conditionCode, ShelfStore } from './shelf-store.ts';

/** Page cache while a log is taken over. */
const CACHE_KIB = 32 * 1_024;

/** Below the data directory: the books that a rejoin builds beside the ones in use. */
export const REJOIN_DIRECTORY = 'rejoin';

/** The log that came does not continue the one taken over so far: it is damaged, or of another node. Nothing of it was taken. */
export class BrokenLog extends Error {
  override readonly name = 'BrokenLog';
}

/**
 * A node's books built anew from the log that central gives back: movements, positions, balances and what documents a log tells.
 * They are a database of their own, which nothing sees before it is whole; what was taken over survives a crash.
 */
export class AdoptedBooks {
  readonly #database: Database;
  readonly #node: NodeStore;
  readonly #movements: MovementStore;
  readonly #shelves: ShelfStore;
  readonly #items: ItemStore;
  readonly #documents: AdoptedDocuments;
  readonly #checkpointBalance: Statement<[string, string, string, number, number]>;

  private constructor(database: Database, warehouse: WarehouseId) {
    this.#database = database;
    this.#node = new NodeStore(database);
    this.#movements = new MovementStore(database);
    this.#shelves = new ShelfStore(database);
    this.#items = new ItemStore(database, drizzle(database));
    this.#documents = new AdoptedDocuments(database, {
      warehouse,
      ttlMs: reservationLimits.ttlSecondsDefault * 1_000,
    });
    this.#checkpointBalance = database.prepare(
      'INSERT INTO checkpoint_balance (sku, bin, lot, condition, quantity) VALUES (?, ?, ?, ?, ?)',
    );
  }

  /** Opens, or begins, the books of a rejoin in a directory. */
  static open(directory: string, node: { warehouse: WarehouseId; instance: string; now: number }): AdoptedBooks {
    if (!existsSync(directory)) mkdirSync(directory);
    const database = openDatabase(join(directory, DATABASE_FILE), { cacheKiB: CACHE_KIB });
    try {
      migrate(database, migrations);
      NodeStore.install(database, node);
      return new AdoptedBooks(database, node.warehouse);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  head(): LogHead {
    return this.#node.head();
  }

  /** What they say of a SKU so far. */
  shelf(sku: Sku): Shelf {
    return this.#shelves.load(sku);
  }

  /** What the documents hold of a SKU so far. */
  setAsides(sku: Sku): AuditedSetAsides {
    return new DocumentAudit(this.#database).setAsides(sku);
  }

  /**
   * Takes over rows of the snapshot with which central's log begins, in one commit. They are not counted: where not all of them
   * came (`beginAt`), the books are to be thrown away and begun anew. `at` is when the snapshot was made.
   */
  adoptRows(rows: readonly SnapshotRow[], { sequence, at }: { readonly sequence: number; readonly at: number }): void {
    assert(this.head().sequence === 0, 'a snapshot comes before any log');
    this.#database.transaction(() => this.#takeRows(rows, { sequence, at })).immediate();
  }

  /** All rows of the snapshot are taken over: the log goes on from its place. */
  beginAt({ sequence, hash }: LogHead): void {
    this.#database
      .transaction(() => {
        this.#node.setHead({ sequence, hash }, sequence);
        this.#node.setCheckpoint({ sequence, hash });
      })
      .immediate();
  }

  /** Takes over what a batch says beyond the head, in one commit. Throws `BrokenLog` where it does not continue the log. */
  adopt(batch: UpBatch): void {
    const head = this.#node.head();
    const known = head.sequence - batch.firstSequence + 1;
    if (known < 0) throw new BrokenLog(`the log ends at ${head.sequence}, the batch begins at ${batch.firstSequence}`);
    if (known >= batch.deltas.length) return;
    this.#database
      .transaction(() => {
        let { sequence, hash } = head;
        const shelves = new Map<Sku, { before: Shelf; after: Shelf; at: number }>();
        this.#beginEpoch(batch, sequence + 1);
        for (const bytes of batch.deltas.slice(known)) {
          sequence += 1;
          hash = chainHash(hash, bytes);
          this.#take(sequence, bytes, hash, shelves);
        }
        if (Buffer.compare(hash, batch.hashLast) !== 0) {
          throw new BrokenLog(`the batch up to ${batch.lastSequence} does not continue the history before it`);
        }
        for (const { before, after, at } of shelves.values()) this.#shelves.save(before, after, at);
        this.#node.setHead({ sequence, hash }, sequence);
      })
      .immediate();
  }

  close(): void {
    this.#database.close();
  }

  #takeRows(rows: readonly SnapshotRow[], { sequence, at }: { readonly sequence: number; readonly at: number }): void {
    for (const row of rows) {
      const { sku, places } = row;
      const before = this.#shelves.load(sku);
      let { balances } = before;
      for (const place of places) {
        balances = withBalance(balances, place, place.quantity);
        this.#checkpointBalance.run(sku, place.bin, place.lot, conditionCode(place), place.quantity);
      }
      const expiries = new Map(before.expiries);
      for (const { lot, expiry } of row.expiries) expiries.set(lot, expiry);
      if (!before.isKnown) this.#items.noteUnlisted(sku, at);
      const position = { ...row.state, version: row.version, sequence: row.sequence };
      this.#shelves.save(before, { ...before, isKnown: true, position, balances, expiries }, at);
      for (const setAside of row.setAsides) this.#takeSetAside(row, setAside, { sequence, at });
    }
  }

  /** As if they had been set aside at that moment: so the documents are made that a log would have told of. */
  #takeSetAside(
    { sku, version }: SnapshotRow,
    { holder, document, quantity, otherWarehouse, released, shipped }: SnapshotSetAside,
    { sequence, at }: { readonly sequence: number; readonly at: number },
  ): void {
    const details = otherWarehouse === undefined ? { document } : { document, otherWarehouse };
    const take = (kind: MovementKind, units: number) => {
      if (units === 0) return;
      const of = { kind: movementKinds[kind].code, sku, quantity: units, version, previous: 0 };
      this.#documents.take({ sequence, delta: { ...of, state: emptyQuantities, at, line: 0, details } });
    };
    for (const kind of holding[holder]) take(kind, quantity + released + shipped);
    take('uncommit', released);
    take('ship', -shipped);
  }

  #beginEpoch({ epoch }: UpBatch, firstSequence: number): void {
    const { epoch: current } = this.#node.identity();
    if (current === epoch) return;
    if (current === 0) this.#node.adoptEpoch(epoch);
    else this.#node.beginEpoch(epoch, firstSequence);
  }

  #take(
    sequence: number,
    bytes: Uint8Array,
    hash: Uint8Array,
    shelves: Map<Sku, { before: Shelf; after: Shelf; at: number }>,
  ): void {
    const delta = decodeDelta(bytes);
    const { sku, version, state, at, details } = delta;
    const loaded = shelves.get(sku);
    const before = loaded?.before ?? this.#shelves.load(sku);
    let { balances, expiries } = loaded?.after ?? before;
    for (const change of placeChanges(delta)) balances = withBalance(balances, change, change.quantity);
    if (details.lot !== undefined && details.expiry !== undefined) {
      expiries = new Map(expiries).set(details.lot, details.expiry);
    }
    if (!before.isKnown && loaded === undefined) this.#items.noteUnlisted(sku, at);
    const after: Shelf = { ...before, isKnown: true, position: { ...state, version, sequence }, balances, expiries };
    shelves.set(sku, { before, after, at });
    this.#movements.append(sequence, sku, bytes, hash);
    this.#documents.take({ sequence, delta });
  }
}

/** The movements after which units are held so. */
const holding: Readonly<Record<SetAsideHolder, readonly MovementKind[]>> = {
  held: ['reserve'],
  confirmed: ['reserve', 'commit'],
  task: ['allocate'],
  transfer: ['commit'],
};
