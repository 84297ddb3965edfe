import type { Sku } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { Database, Statement } from 'better-sqlite3';
import type { Reservation, ReservationState } from '../rules/reservation.ts';

type ReservationRow = Omit<Reservation, 'lines' | 'note' | 'endedAt' | 'receipt'> & {
  readonly number: number;
  readonly note: string | null;
  readonly endedAt: number | null;
  readonly receipt: string | null;
};

/** Absent = any. */
export type ReservationFilter = { readonly owner?: string; readonly state?: ReservationState };
export type ReservationPage = { readonly reservations: readonly Reservation[]; readonly next: number | undefined };
/** What one open reservation has set aside of a SKU. */
export type ReservationShare = {
  readonly id: string;
  readonly owner: string;
  readonly state: 'held' | 'confirmed';
  readonly units: number;
  readonly expiresAt: number;
};

const COLUMNS = `number, id, owner, note, state, fingerprint, created_at AS createdAt, expires_at AS expiresAt,
  ended_at AS endedAt, receipt`;

/** Of a state as it is to be told: a held one whose time has run out is expired. */
const stateConditions: Readonly<Record<ReservationState, string>> = {
  held: "state = 'held' AND expires_at > @expiryTime",
  confirmed: "state = 'confirmed'",
  fulfilled: "state = 'fulfilled'",
  released: "state = 'released'",
  expired: "(state = 'expired' OR (state = 'held' AND expires_at <= @expiryTime))",
};

type PageParameters = { owner: string | null; after: number; limit: number; expiryTime: number };

/** The site's reservations, each with its lines. */
export class ReservationStore {
  readonly #find: Statement<[string], ReservationRow>;
  readonly #lines: Statement<[string], SkuQuantity>;
  readonly #change: Statement<[string, number, number | null, string | null, string]>;
  readonly #insert: Statement<[string, string, string | null, string, string, number, number]>;
  readonly #insertLine: Statement<[string, string, number, number]>;
  readonly #due: Statement<[number, number], { id: string }>;
  readonly #openOfSku: Statement<[string, number], ReservationShare>;
  readonly #openCount: Statement<[], { open: number }>;
  readonly #forgettable: Statement<[number, number], { id: string }>;
  readonly #deleteLines: Statement<[string]>;
  readonly #delete: Statement<[string]>;
  readonly #pages = new Map<string, Statement<[PageParameters], ReservationRow>>();
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.#find = database.prepare(`SELECT ${COLUMNS} FROM reservation WHERE id = ?`);
    this.#lines = database.prepare('SELECT sku, quantity FROM reservation_line WHERE reservation = ? ORDER BY line');
    this.#change = database.prepare(
      'UPDATE reservation SET state = ?, expires_at = ?, ended_at = ?, receipt = ? WHERE id = ?',
    );
    this.#insert = database.prepare(
      'INSERT INTO reservation (id, owner, note, state, fingerprint, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#insertLine = database.prepare(
      'INSERT INTO reservation_line (reservation, sku, quantity, line) VALUES (?, ?, ?, ?)',
    );
    this.#due = database.prepare(
      "SELECT id FROM reservation WHERE state = 'held' AND expires_at <= ? ORDER BY expires_at LIMIT ?",
    );
    // The states are named, so that history behind a SKU costs its own rows and no sort of them.
    this.#openOfSku = database.prepare(`
      SELECT id, owner, state, quantity AS units, expires_at AS expiresAt
      FROM reservation_line JOIN reservation ON id = reservation
      WHERE sku = ? AND state IN ('held', 'confirmed') ORDER BY number LIMIT ?`);
    this.#openCount = database.prepare("SELECT count(*) AS open FROM reservation WHERE state IN ('held', 'confirmed')");
    this.#forgettable = database.prepare('SELECT id FROM reservation WHERE ended_at < ? ORDER BY ended_at LIMIT ?');
    this.#deleteLines = database.prepare('DELETE FROM reservation_line WHERE reservation = ?');
    this.#delete = database.prepare('DELETE FROM reservation WHERE id = ?');
  }

  find(id: string): Reservation | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : this.#reservationOf(row);
  }

  /** Writes the reservation as it is now. What was asked for, and by whom, is the same for ever. */
  save(reservation: Reservation): void {
    const { id, owner, note, state, fingerprint, createdAt, expiresAt, endedAt, receipt } = reservation;
    const changed = this.#change.run(state, expiresAt, endedAt ?? null, receipt ?? null, id);
    if (changed.changes > 0) return;
    this.#insert.run(id, owner, note ?? null, state, fingerprint, createdAt, expiresAt);
    for (const [line, { sku, quantity }] of reservation.lines.entries()) this.#insertLine.run(id, sku, quantity, line);
  }

  /** Held ones whose time has run out, the earliest first. */
  due(expiryTime: number, limit: number): readonly string[] {
    return this.#due.all(expiryTime, limit).map(({ id }) => id);
  }

  /** In order of making, after a number. A state is judged with the time. */
  page(filter: ReservationFilter, page: { after: number; limit: number; expiryTime: number }): ReservationPage {
    const rows = this.#pageOf(filter).all({ owner: filter.owner ?? null, ...page });
    return {
      reservations: rows.map((row) => this.#reservationOf(row)),
      next: rows.length === page.limit ? rows.at(-1)?.number : undefined,
    };
  }

  /** The reservations that have units of a SKU set aside, oldest first. */
  openOfSku(sku: Sku, limit: number): readonly ReservationShare[] {
    return this.#openOfSku.all(sku, limit);
  }

  /** Reservations that have units set aside. */
  openCount(): number {
    return this.#openCount.get()?.open ?? 0;
  }

  /** Drops what ended before a wall time, in one transaction of at most `rowsMax`. Returns how many. */
  forget(options: { readonly endedBefore: number; readonly rowsMax: number }): number {
    const ids = this.#forgettable.all(options.endedBefore, options.rowsMax);
    if (ids.length === 0) return 0;
    this.#database.transaction(() => {
      for (const { id } of ids) {
        this.#deleteLines.run(id);
        this.#delete.run(id);
      }
    })();
    return ids.length;
  }

  #pageOf({ owner, state }: ReservationFilter): Statement<[PageParameters], ReservationRow> {
    const key = `${owner === undefined ? '' : 'owner'} ${state ?? ''}`;
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const conditions = [
      'number > @after',
      ...(owner === undefined ? [] : ['owner = @owner']),
      ...(state === undefined ? [] : [stateConditions[state]]),
    ];
    const statement = this.#database.prepare<[PageParameters], ReservationRow>(
      `SELECT ${COLUMNS} FROM reservation WHERE ${conditions.join(' AND ')} ORDER BY number LIMIT @limit`,
    );
    this.#pages.set(key, statement);
    return statement;
  }

  #reservationOf({ number: _, note, endedAt, receipt, ...row }: ReservationRow): Reservation {
    return {
      ...row,
      note: note ?? undefined,
      lines: this.#lines.all(row.id),
      endedAt: endedAt ?? undefined,
      receipt: receipt ?? undefined,
    };
  }
}
