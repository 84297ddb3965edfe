import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { whyNotRecordedLate } from '@edgestock/shared/inventory/late-movement';
import type { LateRow } from '@edgestock/shared/protocol/directive';
import { encodeDirective } from '@edgestock/shared/protocol/directive-codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { must } from '@edgestock/shared/runtime/assert';
import type { PromiseCommand, PromiseOutcome } from '../../../rules/promise-command.ts';
import type { LateFact } from '../../central-store.ts';
import type { DownLogWriter } from '../../tables/down-table.ts';
import type { QuarantineTable } from '../../tables/quarantine-table.ts';
import type { Tables } from '../../tables/tables.ts';
import { LateFactReader } from './late-fact-reader.ts';

/** A directive has a head beside its rows, and each row a few bytes of its own. */
const ROWS_BYTES_MAX = wireLimits.directiveBytesMax - 4 * 1024;
const ROW_HEAD_BYTES = 16;

/** Settles what was put aside, inside a transaction of its caller: what counts goes down to the node that owns the stock. */
export class LateFactDesk {
  readonly #reader: LateFactReader;
  readonly #quarantine: QuarantineTable;
  readonly #downLog: DownLogWriter;

  constructor(tables: Pick<Tables, 'quarantine' | 'batchLog' | 'downLogWriter'>) {
    this.#reader = new LateFactReader(tables);
    this.#quarantine = tables.quarantine;
    this.#downLog = tables.downLogWriter;
  }

  async settle(
    { id, settlement }: Extract<PromiseCommand, { command: 'settle-late-fact' }>,
    now: number,
  ): Promise<PromiseOutcome> {
    const fact = await this.#reader.find(id);
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
      directive = await this.#tell(warehouse, id, rows);
    }
    const told = directive === undefined ? {} : { directive };
    await this.#quarantine.settle(id, { as, at: now, by, why, ...told });
    return { outcome: 'settled', isReplay: false };
  }

  /** Applied ones whose effects the log of their node is not known to hold. */
  async unheard(): Promise<readonly number[]> {
    return this.#quarantine.unheard();
  }

  /** The logs down begin anew: these are told again, and a node skips what it has recorded of them; the others are through. */
  async tellAgain(unheard: readonly number[]): Promise<void> {
    await this.#quarantine.forgetPlaces();
    for (const id of unheard) {
      const fact = must(await this.#reader.find(id), 'what was settled stays');
      const rows = rowsOf(fact);
      if (typeof rows !== 'string') await this.#quarantine.place(id, await this.#tell(fact.record.warehouse, id, rows));
    }
  }

  /** Returns the place of the last directive that tells of it. */
  async #tell(warehouse: WarehouseId, id: number, rows: readonly LateRow[]): Promise<number> {
    let last = 0;
    for (const page of pagesOf(rows)) {
      last = await this.#downLog.append(warehouse, encodeDirective({ kind: 'late-facts', late: id, rows: page }));
    }
    return last;
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
