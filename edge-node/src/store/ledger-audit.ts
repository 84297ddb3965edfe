import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Sku } from '@edgestock/shared/inventory/ids';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import { ProcessLock } from '@edgestock/shared/sqlite/process-lock';
import type { Database, Statement } from 'better-sqlite3';
import type { ReservationState } from '../rules/reservation.ts';
import type { ImportJob } from './import-store.ts';
import { migrations } from './migrations.ts';
import type { MovementRow } from './movement-store.ts';

/** The directory cannot be audited as it is; `hint` says what to do. */
export class AuditRefused extends Error {
  override readonly name = 'AuditRefused';
  /** The call names the wrong directory or release; nothing was found wrong with the books. */
  readonly exitCode = 2;
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
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

/** What the documents say is set aside of a SKU, to be held against its position. */
export type AuditedSetAsides = { readonly reserved: number; readonly committed: number };
export type AuditedTask = {
  readonly number: number;
  readonly id: string;
  readonly state: string;
  readonly lineCount: number;
  /** Units of all lines that are still committed, and the least of any line's counters and remainders. */
  readonly open: number;
  readonly least: number;
};
/** A transfer that cannot be as it is, in words. */
export type AuditedTransfer = { readonly id: string; readonly fault: string };
/** A reservation that cannot be as it is, in words. */
export type AuditedReservation = { readonly id: string; readonly fault: string };
export type AuditedInbox = { readonly centralEpoch: number; readonly sequence: number; readonly hashBytes: number };
export type AuditedRefusal = { readonly centralEpoch: number; readonly sequence: number };

function reservedBy(state: ReservationState): string {
  return `SELECT sum(quantity) FROM reservation_line JOIN reservation ON id = reservation WHERE sku = ? AND state = '${state}'`;
}

/**
 * The units of a SKU that stand behind its set-asides, one query for each kind of document that holds some: each takes the SKU
 * and gives one number. A document that sets units aside adds its query here.
 */
const holders: Readonly<Record<keyof AuditedSetAsides, readonly string[]>> = {
  reserved: [reservedBy('held')],
  committed: [
    'SELECT sum(quantity - released - shipped) FROM task_line WHERE sku = ?',
    reservedBy('confirmed'),
    "SELECT sum(planned) FROM transfer_line JOIN transfer ON id = transfer WHERE sku = ? AND state = 'planned'",
  ],
};

/** Of transfers only what holds units: one that is on its way here may be of a SKU that was never here. */
const planned = "(SELECT sku FROM transfer_line JOIN transfer ON id = transfer WHERE state = 'planned')";
const tablesBySku = ['movement', 'position', 'balance', 'checkpoint_balance', 'task_line', 'reservation_line', planned];
const PAGE_ROWS = 1_000;
const CACHE_KIB = 64 * 1024;

/**
 * A node's tables as they are, for holding them against one another. Nothing is written, nothing is repaired, and nothing is
 * trusted: rows come as stored. Everything is read in pages, so that the longest log costs no memory.
 */
export class LedgerAudit {
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
  readonly #holders: readonly (readonly [keyof AuditedSetAsides, Statement<[string], { units: number | null }>])[];

  private constructor(database: Database, lock: ProcessLock) {
    this.#database = database;
    this.#lock = lock;
    this.#movements = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sequence > ? ORDER BY sequence LIMIT ?',
    );
    this.#movementsOf = database.prepare(
      'SELECT sequence, sku, delta, hash FROM movement WHERE sku = ? AND sequence > ? ORDER BY sequence LIMIT ?',
    );
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
    this.#holders = (Object.keys(holders) as (keyof AuditedSetAsides)[]).flatMap((name) =>
      holders[name].map((query) => [name, database.prepare(`SELECT (${query}) AS units`)] as const),
    );
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

  /** What documents hold of a SKU. */
  setAsides(sku: Sku): AuditedSetAsides {
    const units = { reserved: 0, committed: 0 };
    for (const [name, statement] of this.#holders) units[name] += statement.get(sku)?.units ?? 0;
    return units;
  }

  *tasks(): Generator<readonly AuditedTask[]> {
    const page = this.#database.prepare<[number, number], AuditedTask>(
      `SELECT number, id, state, count(task_line.task) AS lineCount, coalesce(sum(quantity - released - shipped), 0) AS open,
         coalesce(min(min(released, shipped, quantity - released - shipped)), 0) AS least
       FROM task LEFT JOIN task_line ON task_line.task = task.id WHERE number > ? GROUP BY number ORDER BY number LIMIT ?`,
    );
    yield* pages(
      (after: number) => page.all(after, PAGE_ROWS),
      Number.MIN_SAFE_INTEGER,
      (row) => row.number,
    );
  }

  /** Lines and steps of tasks that are not there. */
  orphansOfTasks(): readonly { readonly place: string; readonly task: string }[] {
    return this.#database
      .prepare<[number], { place: string; task: string }>(
        `SELECT 'task_line' AS place, task FROM task_line WHERE task NOT IN (SELECT id FROM task)
         UNION SELECT 'task_step', task FROM task_step WHERE task NOT IN (SELECT id FROM task) LIMIT ?`,
      )
      .all(PAGE_ROWS);
  }

  /** Reservations whose columns contradict one another, and lines of reservations that are not there. */
  faultyReservations(): readonly AuditedReservation[] {
    return this.#database
      .prepare<[number], AuditedReservation>(
        `SELECT id, 'is ' || state || CASE WHEN ended_at IS NULL THEN ' and has not ended' ELSE ' and has ended' END AS fault
           FROM reservation WHERE (state IN ('held', 'confirmed')) <> (ended_at IS NULL)
         UNION ALL SELECT id, 'is ' || state || ' with receipt ' || coalesce(receipt, '(none)')
           FROM reservation WHERE (state = 'fulfilled') <> (receipt IS NOT NULL)
         UNION ALL SELECT id, 'is ' || state || ', which is no state of a reservation'
           FROM reservation WHERE state NOT IN ('held', 'confirmed', 'fulfilled', 'released', 'expired')
         UNION ALL SELECT id, 'has no lines'
           FROM reservation WHERE NOT EXISTS (SELECT 1 FROM reservation_line WHERE reservation = id)
         UNION ALL SELECT reservation, 'has a line of ' || sku || ' and is not there'
           FROM reservation_line WHERE reservation NOT IN (SELECT id FROM reservation)
         LIMIT ?`,
      )
      .all(PAGE_ROWS);
  }

  /** Transfers whose state their lines contradict, and lines of transfers that are not there. */
  faultyTransfers(): readonly AuditedTransfer[] {
    return this.#database
      .prepare<[number], AuditedTransfer>(
        `SELECT id, 'has no lines' AS fault FROM transfer
           WHERE NOT EXISTS (SELECT 1 FROM transfer_line WHERE transfer = id)
         UNION ALL SELECT id, 'is ' || state || ' with units shipped'
           FROM transfer WHERE state IN ('planned', 'cancelled') AND
             EXISTS (SELECT 1 FROM transfer_line WHERE transfer = id AND shipped <> 0)
         UNION ALL SELECT id, 'is ' || state || CASE WHEN state = 'closed' THEN ' with units not accounted for' ELSE ' with every unit accounted for' END
           FROM transfer WHERE state IN ('shipped', 'receiving', 'closed') AND (state = 'closed') <> (
             EXISTS (SELECT 1 FROM transfer_line WHERE transfer = id AND shipped > 0) AND NOT
             EXISTS (SELECT 1 FROM transfer_line WHERE transfer = id AND shipped <> received + damaged + lost))
         UNION ALL SELECT transfer, 'has a line of ' || sku || ' with less than nothing'
           FROM transfer_line WHERE min(planned, shipped, received, damaged) < 0
         UNION ALL SELECT transfer, 'has a line of ' || sku || ' and is not there'
           FROM transfer_line WHERE transfer NOT IN (SELECT id FROM transfer)
         LIMIT ?`,
      )
      .all(PAGE_ROWS);
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

/** Reads page after page until one comes back short of rows. */
function* pages<Row, Key>(
  read: (after: Key) => Row[],
  first: Key,
  keyOf: (row: Row) => Key,
): Generator<readonly Row[]> {
  let after = first;
  for (;;) {
    const rows = read(after);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = keyOf(last);
  }
}
