import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { whyNotRecordedLate } from '@edgestock/shared/inventory/late-movement';
import { chainHash } from '@edgestock/shared/protocol/chain';
import { decodeUpBatch, WireError } from '@edgestock/shared/protocol/codec';
import type { LateRow } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { readableDelta } from '@edgestock/shared/protocol/readable-delta';
import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import { eq } from 'drizzle-orm';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import type { PromiseCommand, PromiseOutcome } from '../../../rules/promise-command.ts';
import { sameHash } from '../../../rules/same-hash.ts';
import type { LateFact, LateFactMovement, QuarantineRecord } from '../../central-store.ts';
import { DownLog, type DownLogWriter } from '../down/down-log.ts';
import { quarantine } from '../schema.ts';
import { BatchLog } from './batch-log.ts';
import { quarantineRecordOf } from './quarantine-table.ts';

/** A directive has a head beside its rows, and each row a few bytes of its own. */
const ROWS_BYTES_MAX = wireLimits.directiveBytesMax - 4 * 1024;
const ROW_HEAD_BYTES = 16;

/** Reads one of the things that were put aside, and what it says. */
export class LateFactReader {
  readonly #typed: BetterSQLite3Database;
  readonly #log: BatchLog;

  constructor(database: Database) {
    this.#typed = drizzle(database);
    this.#log = new BatchLog(database);
  }

  find(id: number): LateFact | undefined {
    const row = this.#typed.select().from(quarantine).where(eq(quarantine.id, id)).get();
    if (row === undefined) return undefined;
    const record = quarantineRecordOf(row);
    return { record, movements: this.#movementsOf(record) };
  }

  #movementsOf({ reason, bytes, warehouse, firstSequence = 0 }: QuarantineRecord): LateFact['movements'] {
    // A single one was put aside out of a batch that was applied: its node has it, and so has the log.
    if (reason === 'delta') return [{ sequence: firstSequence, delta: readableDelta(bytes), bytes, isInLog: true }];
    try {
      const batch = decodeUpBatch(bytes);
      let hash = batch.hashBefore;
      const hashes = batch.deltas.map((delta) => {
        hash = chainHash(hash, delta);
        return hash;
      });
      const common = this.#commonWith(warehouse, batch.firstSequence, hashes);
      return batch.deltas.map((delta, index): LateFactMovement => {
        return {
          sequence: batch.firstSequence + index,
          delta: readableDelta(delta),
          bytes: delta,
          isInLog: index < common,
        };
      });
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  }

  /** How many of consecutive places, from their first, have the history that the log has: histories that part stay apart. */
  #commonWith(warehouse: WarehouseId, first: number, hashes: readonly Uint8Array[]): number {
    let common = 0;
    let beyond = hashes.length + 1;
    while (beyond - common > 1) {
      const middle = Math.floor((common + beyond) / 2);
      const [known, own] = [this.#log.hashAt(warehouse, first + middle - 1), hashes[middle - 1]];
      if (known !== undefined && own !== undefined && sameHash(known, own)) common = middle;
      else beyond = middle;
    }
    return common;
  }
}

/** Settles what was put aside, inside a transaction of its caller: what counts goes down to the node that owns the stock. */
export class LateFactDesk {
  readonly #reader: LateFactReader;
  readonly #downLog: DownLogWriter;
  readonly #down: DownLog;
  readonly #settle: Statement<[string, number, string, string, number | null, number]>;

  readonly #unheard: Statement<[], { id: number }>;
  readonly #forgetPlaces: Statement<[]>;
  readonly #place: Statement<[number, number]>;

  constructor(database: Database, downLog: DownLogWriter) {
    this.#reader = new LateFactReader(database);
    this.#downLog = downLog;
    this.#down = new DownLog(database);
    this.#settle = database.prepare(`
      UPDATE quarantine SET settled_as = ?, settled_at = ?, settled_by = ?, settled_why = ?, directive = ?
      WHERE id = ? AND settled_as IS NULL`);
    this.#unheard = database.prepare(`
      SELECT id FROM quarantine JOIN node ON node.warehouse = quarantine.warehouse
      WHERE settled_as = 'applied' AND directive > down_covered ORDER BY id`);
    this.#forgetPlaces = database.prepare('UPDATE quarantine SET directive = 0 WHERE directive > 0');
    this.#place = database.prepare('UPDATE quarantine SET directive = ? WHERE id = ?');
  }

  settle({ id, settlement }: Extract<PromiseCommand, { command: 'settle-late-fact' }>, now: number): PromiseOutcome {
    const fact = this.#reader.find(id);
    if (fact === undefined) return { outcome: 'unknown', what: 'late-fact', id: String(id) };
    const { settled, warehouse } = fact.record;
    const { as, by, why } = settlement;
    if (settled !== undefined) {
      return settled.as === as
        ? { outcome: 'settled', isReplay: true }
        : { outcome: 'settled-otherwise', as: settled.as };
    }
    let directive: number | undefined;
    if (as === 'applied') {
      const rows = rowsOf(fact);
      if (typeof rows === 'string') return { outcome: 'nothing-to-apply', why: rows };
      directive = this.#tell(warehouse, id, rows);
    }
    this.#settle.run(as, now, by, why, directive ?? null, id);
    return { outcome: 'settled', isReplay: false };
  }

  /** Applied ones whose effects the log of their node is not known to hold. */
  unheard(): readonly number[] {
    return this.#unheard.all().map(({ id }) => id);
  }

  /** The logs down begin anew: these are told again, and a node skips what it has recorded of them; the others are through. */
  tellAgain(unheard: readonly number[]): void {
    this.#forgetPlaces.run();
    for (const id of unheard) {
      const fact = must(this.#reader.find(id), 'what was settled stays');
      const rows = rowsOf(fact);
      if (typeof rows !== 'string') this.#place.run(this.#tell(fact.record.warehouse, id, rows), id);
    }
  }

  /** Returns the place of the last directive that tells of it. */
  #tell(warehouse: WarehouseId, id: number, rows: readonly LateRow[]): number {
    for (const page of pagesOf(rows)) {
      this.#downLog.append(warehouse, encodeDirective({ kind: 'late-facts', late: id, rows: page }));
    }
    return must(this.#down.head(warehouse), 'directives are for enrolled nodes').sequence;
  }
}

/** What the node is told, also of what it will not record: it says so. Or why there is nothing to tell. */
function rowsOf({ record, movements }: LateFact): readonly LateRow[] | string {
  if (record.reason === 'delta')
    return 'its node has it in its books, and central has newer states of the position since';
  if (movements === undefined) return 'this release cannot read it';
  const rows = movements.flatMap(({ sequence, delta, isInLog }) =>
    delta === undefined || isInLog ? [] : [{ sequence, delta }],
  );
  if (rows.some(({ delta }) => whyNotRecordedLate(delta.kind) === undefined)) return rows;
  return 'nothing in it moved goods that the log does not hold already';
}

/** Each fits a directive, and a commit of its node. */
function pagesOf(rows: readonly LateRow[]): readonly (readonly LateRow[])[] {
  const pages: LateRow[][] = [];
  let room = 0;
  for (const row of rows) {
    const bytes = encodeDirective({ kind: 'late-facts', late: 0, rows: [row] }).length + ROW_HEAD_BYTES;
    const page = bytes > room ? undefined : pages.at(-1);
    if (page === undefined || page.length >= wireLimits.lateRowsMax) {
      pages.push([row]);
      room = ROWS_BYTES_MAX;
    } else page.push(row);
    room -= bytes;
  }
  return pages;
}
