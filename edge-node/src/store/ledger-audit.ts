import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { OperatingFailure } from '@edgestock/shared/runtime/operating-failure';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import { ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import type { Database, Statement } from 'better-sqlite3';
import { PAGE_ROWS, pages } from './audit-pages.ts';
import { DocumentAudit } from './document-audit.ts';
import type { ImportJob } from './import-store.ts';
import { migrations } from './migrations.ts';
import type { MovementRow } from './movement-store.ts';

/** The directory cannot be audited as it is; `hint` says what to do. */
export class AuditRefused extends OperatingFailure {
  override readonly name = 'AuditRefused';
  /** The call names the wrong directory or release; nothing was found wrong with the books. */
  readonly exitCode = 2;
}

export type AuditedNode = {
  readonly warehouse: string;
  readonly sequence: number;
  readonly hash: Buffer;
  readonly checkpointSequence: number;
  readonly checkpointHash: Buffer;
  readonly appliedUpTo: number;
};
export type AuditedPosition = {
  readonly onHand: number;
  readonly unsellable: number;
  readonly reserved: number;
  readonly committed: number;
  readonly quota: number;
  readonly safetyStock: number;
  readonly granted: number;
  readonly allocated: number;
  readonly returned: number;
  readonly version: number;
  readonly sequence: number;
  readonly changedAt: number;
};
export type AuditedBalance = {
  readonly bin: string;
  readonly lot: string;
  /** Code, as stored: it may be one that does not exist. */
  readonly condition: number;
  readonly quantity: number;
};
export type AuditedLot = {
  readonly sku: string;
  readonly lot: string;
  readonly expiry: string;
  readonly isItem: number;
};
export type AuditedKey = {
  readonly firstSequence: number;
  readonly movementCount: number;
  readonly scope: string;
  readonly key: string;
  readonly exceptions: string | null;
};
export type AuditedException = {
  readonly id: number;
  readonly kind: string;
  readonly sku: string;
  readonly sequence: number;
  readonly resolvedBy: number | null;
};
export type AuditedBarcode = {
  readonly barcode: string;
  readonly sku: string;
  readonly multiple: number;
  readonly isItem: number;
};
export type AuditedImport = Pick<ImportJob, 'id' | 'state' | 'rowCount' | 'stagedCount' | 'appliedCount'> & {
  readonly waiting: number;
};

export type AuditedInbox = { readonly centralEpoch: number; readonly sequence: number; readonly hashBytes: number };
export type AuditedRefusal = { readonly centralEpoch: number; readonly sequence: number };

/** Of transfers only what holds units: one that is on its way here may be of a SKU that was never here. */
const planned = "(SELECT sku FROM transfer_line JOIN transfer ON number = transfer WHERE state = 'planned')";
const tablesBySku = [
  'movement_of',
  'position',
  'balance',
  'checkpoint_balance',
  'task_line',
  'reservation_line',
  planned,
];
const CACHE_KIB = 64 * 1024;

/**
 * A node's tables as they are, for holding them against one another. Nothing is written, nothing is repaired, and nothing is
 * trusted: rows come as stored. Everything is read in pages, so that the longest log costs no memory.
 */
export class LedgerAudit {
  /** What tasks, reservations and transfers say. */
  readonly documents: DocumentAudit;
  readonly #database: Database;
  readonly #lock: ProcessLock;
  readonly #movements: Statement<[number, number], MovementRow>;
  readonly #movementsOf: Statement<[string, number, number], MovementRow>;
  readonly #skuOf: Statement<[number], { sku: string }>;
  readonly #skus: Statement<(string | number)[], { sku: Sku }>;
  readonly #position: Statement<[string], AuditedPosition>;
  readonly #balances: Statement<[string], AuditedBalance>;
  readonly #checkpointBalances: Statement<[string], AuditedBalance>;
  readonly #isItem: Statement<[string], { one: number }>;

  private constructor(database: Database, lock: ProcessLock) {
    this.#database = database;
    this.#lock = lock;
    this.#movements = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sequence > ? ORDER BY sequence LIMIT ?',
    );
    // The log in the order of its SKUs, by what its rows say and not by which movement each of them names: in a file of its own
    // that goes with the connection.
    database.exec(`
      CREATE TEMP TABLE movement_of (sku TEXT, sequence INTEGER, PRIMARY KEY (sku, sequence)) WITHOUT ROWID;
      INSERT INTO movement_of (sku, sequence) SELECT sku, sequence FROM movement ORDER BY sku, sequence;`);
    this.#movementsOf = database.prepare(`
      SELECT m.sequence, m.sku, m.delta, m.hash FROM movement_of o JOIN movement m ON m.sequence = o.sequence
      WHERE o.sku = ? AND o.sequence > ? ORDER BY o.sequence LIMIT ?`);
    this.#skuOf = database.prepare('SELECT sku FROM movement WHERE sequence = ?');
    const pageOf = (table: string) =>
      `SELECT sku FROM (SELECT DISTINCT sku FROM ${table} WHERE sku > ? ORDER BY sku LIMIT ?)`;
    this.#skus = database.prepare(`${tablesBySku.map(pageOf).join(' UNION ')} ORDER BY sku LIMIT ?`);
    this.#position = database.prepare(`
      SELECT on_hand AS onHand, unsellable, reserved, committed, quota, safety_stock AS safetyStock, granted,
        allocated, returned, version, sequence, changed_at AS changedAt FROM position WHERE sku = ?`);
    this.#balances = database.prepare('SELECT bin, lot, condition, quantity FROM balance WHERE sku = ?');
    this.#checkpointBalances = database.prepare(
      'SELECT bin, lot, condition, quantity FROM checkpoint_balance WHERE sku = ?',
    );
    this.#isItem = database.prepare('SELECT 1 AS one FROM item WHERE sku = ?');
    this.documents = new DocumentAudit(database);
  }

  /** Throws `DataDirectoryInUse` while a node runs on it, `AuditRefused` where there is nothing to audit. */
  static open(dataDir: string): LedgerAudit {
    const path = join(dataDir, 'edge.sqlite');
    if (!existsSync(path)) throw new AuditRefused(`there is no node in ${dataDir}`, 'Name the --data-dir of a node.');
    const lock = ProcessLock.take(join(dataDir, 'lock'));
    try {
      const database = openDatabase(path, { cacheKiB: CACHE_KIB });
      try {
        refuseOtherSchema(database);
        return new LedgerAudit(database, lock);
      } catch (error) {
        database.close();
        throw error;
      }
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  close(): void {
    this.#database.close();
    this.#lock.release();
  }

  /** What SQLite itself finds wrong with the file; empty when nothing is. */
  fileFaults(): readonly string[] {
    const rows = this.#database.pragma('quick_check(100)') as { quick_check: string }[];
    return rows.map((row) => row.quick_check).filter((line) => line !== 'ok');
  }

  node(): AuditedNode | undefined {
    return this.#database
      .prepare<[], AuditedNode>(
        `SELECT warehouse, sequence, hash, checkpoint_sequence AS checkpointSequence, checkpoint_hash AS checkpointHash,
           applied_up_to AS appliedUpTo FROM node WHERE id = 1`,
      )
      .get();
  }

  /** Whether the books are what could be read of damaged ones: what they lack is no sign of anything else. */
  isSalvaged(): boolean {
    return this.#database.prepare("SELECT 1 FROM node WHERE id = 1 AND restored = 'salvaged'").get() !== undefined;
  }

  epochs(): readonly { readonly epoch: number; readonly firstSequence: number }[] {
    return this.#database
      .prepare<[], { epoch: number; firstSequence: number }>(
        'SELECT epoch, first_sequence AS firstSequence FROM epoch ORDER BY epoch',
      )
      .all();
  }

  /** The whole log in order, a page at a time. */
  *movements(): Generator<readonly MovementRow[]> {
    yield* pages(
      (after: number) => this.#movements.all(after, PAGE_ROWS),
      -1,
      (row) => row.sequence,
    );
  }

  *movementsOf(sku: Sku): Generator<MovementRow> {
    for (const page of pages(
      (after: number) => this.#movementsOf.all(sku, after, PAGE_ROWS),
      -1,
      (row) => row.sequence,
    )) {
      yield* page;
    }
  }

  /** Places of the log that its index by SKU lacks, or has too many. */
  waypointsMissing(): number {
    const count = (how: string): number =>
      this.#database
        .prepare<[], number>(`SELECT count(*) FROM movement ${how} WHERE sequence % 61 = 0`)
        .pluck()
        .get() ?? 0;
    return count('NOT INDEXED') - count('INDEXED BY movement_waypoint');
  }

  skuOfMovement(sequence: number): string | undefined {
    return this.#skuOf.get(sequence)?.sku;
  }

  /** Every SKU that has a movement, a position or a balance, in order. */
  *skus(): Generator<readonly Sku[]> {
    const read = (after: string) => {
      const page = [after, PAGE_ROWS];
      return this.#skus.all(...tablesBySku.flatMap(() => page), PAGE_ROWS);
    };
    for (const page of pages(read, '', (row) => row.sku as string)) yield page.map(({ sku }) => sku);
  }

  position(sku: Sku): AuditedPosition | undefined {
    return this.#position.get(sku);
  }

  balances(sku: Sku): readonly AuditedBalance[] {
    return this.#balances.all(sku);
  }

  checkpointBalances(sku: Sku): readonly AuditedBalance[] {
    return this.#checkpointBalances.all(sku);
  }

  /** How far central's log is carried out; `undefined` before its first directive. */
  inbox(): AuditedInbox | undefined {
    return this.#database
      .prepare<[], AuditedInbox>(
        'SELECT central_epoch AS centralEpoch, sequence, length(hash) AS hashBytes FROM inbox WHERE id = 1',
      )
      .get();
  }

  refusedDirectives(): readonly AuditedRefusal[] {
    return this.#database
      .prepare<[number], AuditedRefusal>(
        'SELECT central_epoch AS centralEpoch, sequence FROM refused_directive ORDER BY central_epoch, sequence LIMIT ?',
      )
      .all(PAGE_ROWS);
  }

  isItem(sku: string): boolean {
    return this.#isItem.get(sku) !== undefined;
  }

  *keys(): Generator<readonly AuditedKey[]> {
    const page = this.#database.prepare<[number, number], AuditedKey>(
      `SELECT first_sequence AS firstSequence, movement_count AS movementCount, scope, key, exceptions
       FROM idempotency WHERE first_sequence > ? ORDER BY first_sequence LIMIT ?`,
    );
    yield* pages(
      (after: number) => page.all(after, PAGE_ROWS),
      Number.MIN_SAFE_INTEGER,
      (row) => row.firstSequence,
    );
  }

  *exceptions(): Generator<readonly AuditedException[]> {
    const page = this.#database.prepare<[number, number], AuditedException>(
      'SELECT id, kind, sku, sequence, resolved_by AS resolvedBy FROM exception WHERE id > ? ORDER BY id LIMIT ?',
    );
    yield* pages(
      (after: number) => page.all(after, PAGE_ROWS),
      Number.MIN_SAFE_INTEGER,
      (row) => row.id,
    );
  }

  *barcodes(): Generator<readonly AuditedBarcode[]> {
    const page = this.#database.prepare<[string, number], AuditedBarcode>(
      `SELECT barcode, sku, multiple, EXISTS (SELECT 1 FROM item WHERE item.sku = barcode.sku) AS isItem
       FROM barcode WHERE barcode > ? ORDER BY barcode LIMIT ?`,
    );
    yield* pages(
      (after: string) => page.all(after, PAGE_ROWS),
      '',
      (row) => row.barcode,
    );
  }

  /** Lots whose date is no date, or whose SKU is no item. */
  faultyLots(): readonly AuditedLot[] {
    return this.#database
      .prepare<[number], AuditedLot>(
        `SELECT sku, lot, expiry, EXISTS (SELECT 1 FROM item WHERE item.sku = lot.sku) AS isItem FROM lot
         WHERE date(expiry) IS NOT expiry OR NOT EXISTS (SELECT 1 FROM item WHERE item.sku = lot.sku) LIMIT ?`,
      )
      .all(PAGE_ROWS);
  }

  imports(): readonly AuditedImport[] {
    return this.#database
      .prepare<[], AuditedImport>(
        `SELECT id, state, row_count AS rowCount, staged_count AS stagedCount, applied_count AS appliedCount,
           (SELECT count(*) FROM import_row WHERE job = import_job.id) AS waiting FROM import_job ORDER BY begun_at`,
      )
      .all();
  }

  /** Staged rows of jobs that are not there. */
  orphanRows(): readonly { readonly job: string; readonly rows: number }[] {
    return this.#database
      .prepare<[], { job: string; rows: number }>(
        'SELECT job, count(*) AS rows FROM import_row WHERE job NOT IN (SELECT id FROM import_job) GROUP BY job LIMIT 100',
      )
      .all();
  }
}

function refuseOtherSchema(database: Database): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version === migrations.length) return;
  const hint = 'Start the node once with this release, or verify with the release that wrote it.';
  throw new AuditRefused(`the database has schema ${version}, this release ${migrations.length}`, hint);
}
