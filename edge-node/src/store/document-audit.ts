import type { Sku } from '@edgestock/shared/inventory/ids';
import type { Database, Statement } from 'better-sqlite3';
import type { ReservationState } from '../rules/reservation.ts';
import { PAGE_ROWS, pages } from './audit-pages.ts';

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
/** A transfer that cannot be as it is, by name and source, in words. */
export type AuditedTransfer = { readonly id: string; readonly fault: string };
/** A reservation that cannot be as it is, in words. */
export type AuditedReservation = { readonly id: string; readonly fault: string };

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
    "SELECT sum(planned) FROM transfer_line JOIN transfer ON number = transfer WHERE sku = ? AND state = 'planned'",
  ],
};

/** The documents of a node that set units aside, as stored: tasks, reservations and transfers. */
export class DocumentAudit {
  readonly #database: Database;
  readonly #holders: readonly (readonly [keyof AuditedSetAsides, Statement<[string], { units: number | null }>])[];

  constructor(database: Database) {
    this.#database = database;
    this.#holders = (Object.keys(holders) as (keyof AuditedSetAsides)[]).flatMap((name) =>
      holders[name].map((query) => [name, database.prepare(`SELECT (${query}) AS units`)] as const),
    );
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
    const named = "id || ' from ' || from_warehouse";
    return this.#database
      .prepare<[number], AuditedTransfer>(
        `SELECT ${named} AS id, 'has no lines' AS fault FROM transfer
           WHERE NOT EXISTS (SELECT 1 FROM transfer_line WHERE transfer = number)
         UNION ALL SELECT ${named}, 'is ' || state || ' with units shipped'
           FROM transfer WHERE state IN ('planned', 'cancelled') AND
             EXISTS (SELECT 1 FROM transfer_line WHERE transfer = number AND shipped <> 0)
         UNION ALL SELECT ${named}, 'is ' || state || CASE WHEN state = 'closed' THEN ' with units not accounted for' ELSE ' with every unit accounted for' END
           FROM transfer WHERE state IN ('shipped', 'receiving', 'closed') AND (state = 'closed') <> (
             EXISTS (SELECT 1 FROM transfer_line WHERE transfer = number AND (shipped > 0 OR lost <> 0)) AND NOT
             EXISTS (SELECT 1 FROM transfer_line WHERE transfer = number AND shipped <> received + damaged + lost))
         UNION ALL SELECT ${named}, 'has a line of ' || sku || ' with less than nothing'
           FROM transfer_line JOIN transfer ON number = transfer WHERE min(planned, shipped, received, damaged) < 0
         UNION ALL SELECT 'number ' || transfer, 'has a line of ' || sku || ' and is not there'
           FROM transfer_line WHERE transfer NOT IN (SELECT number FROM transfer)
         LIMIT ?`,
      )
      .all(PAGE_ROWS);
  }
}
