import { must } from '@edgestock/shared/runtime/assert';
import type { Database, Statement } from 'better-sqlite3';
import type { Reservation, ReservationState } from '../../../rules/reservation.ts';
import { holdsOf } from '../../../rules/sourcing.ts';
import type { PromiseReader } from '../../promise-store.ts';
import type {
  ReservationLineRow,
  ReservationReader,
  ReservationTerms,
  ReservationWriter,
} from '../../tables/reservation-table.ts';
import { SqliteHoldReader } from './hold-table.ts';
import { RESERVATION_COLUMNS, type ReservationRow, SqliteReservationLists } from './reservation-lists.ts';

type TermsRow = { readonly ttlSeconds: number | null; readonly isPartial: number | null };

/** Reads reservations as they are stored; whether their time is over is for `stateAt` to say. */
export class SqliteReservationReader implements ReservationReader {
  readonly #holds: SqliteHoldReader;
  readonly #one: Statement<[string], ReservationRow>;
  readonly #lists: SqliteReservationLists;
  readonly #has: Statement<[string], unknown>;
  readonly #lines: Statement<[string], ReservationLineRow>;
  readonly #terms: Statement<[string], TermsRow>;
  readonly #over: Statement<[number, number], { id: string }>;
  readonly #count: Statement<[], { held: number }>;
  readonly #next: Statement<[], { next: number | null }>;

  constructor(database: Database) {
    this.#lists = new SqliteReservationLists(database);
    this.#holds = new SqliteHoldReader(database);
    this.#one = database.prepare(`SELECT ${RESERVATION_COLUMNS} FROM reservation WHERE id = ?`);
    this.#has = database.prepare('SELECT 1 FROM reservation WHERE id = ?').pluck();
    this.#lines = database.prepare(
      'SELECT sku, requested, promised FROM reservation_line WHERE reservation = ? ORDER BY sku',
    );
    this.#terms = database.prepare(
      'SELECT ttl_seconds AS ttlSeconds, is_partial AS isPartial FROM reservation WHERE id = ?',
    );
    this.#over = database.prepare(
      "SELECT id FROM reservation WHERE state = 'held' AND expires_at <= ? ORDER BY expires_at LIMIT ?",
    );
    this.#count = database.prepare("SELECT count(*) AS held FROM reservation WHERE state = 'held'");
    this.#next = database.prepare("SELECT min(expires_at) AS next FROM reservation WHERE state = 'held'");
  }

  get(id: string): Reservation | undefined {
    const row = this.#one.get(id);
    return row && this.#reservation(row);
  }

  known(ids: readonly string[]): ReadonlySet<string> {
    return new Set(ids.filter((id) => this.#has.get(id) !== undefined));
  }

  /** Latest first. */
  latest(options: Parameters<PromiseReader['reservations']>[0]): readonly Reservation[] {
    const rows =
      options.owner === undefined ? this.#lists.merged(options) : this.#lists.ofOwner(options.owner, options);
    return rows.map((row) => this.#reservation(row));
  }

  #reservation(row: ReservationRow): Reservation {
    const { id } = row;
    const holds = this.#holds.of({ kind: 'reservation', id });
    return {
      id,
      channel: row.channel,
      owner: row.owner,
      state: row.state,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
      ...(row.ended_at === null ? {} : { ended: { at: row.ended_at, reason: row.end_reason ?? '' } }),
      lines: this.lines(id).map(({ sku, requested }) => ({
        sku,
        requested,
        holds: holdsOf(holds, sku),
      })),
    };
  }

  /** What was asked for and what was promised when it was made, in the order of SKU. */
  lines(id: string): readonly ReservationLineRow[] {
    return this.#lines.all(id);
  }

  /** The terms it was asked for on; what became of them is in the reservation. */
  terms(id: string): ReservationTerms {
    const { ttlSeconds, isPartial } = must(this.#terms.get(id), 'the reservation is there');
    return { ttlSeconds: ttlSeconds ?? undefined, isPartial: isPartial === null ? undefined : isPartial === 1 };
  }

  /** How many are held. */
  held(): number {
    return this.#count.get()?.held ?? 0;
  }

  /** When the next one ends by time. */
  nextEnd(): number | undefined {
    return this.#next.get()?.next ?? undefined;
  }

  /** Those still held though their time is over, the earliest first. */
  over(now: number, limit: number): readonly string[] {
    return this.#over.all(now, limit).map(({ id }) => id);
  }
}

/** Writes reservations; their units are for `HoldWriter` and `QuotaTable`. Inside a transaction of its caller. */
export class SqliteReservationWriter implements ReservationWriter {
  readonly #insert: Statement<[string, string, string, number, number, number, number]>;
  readonly #insertLine: Statement<[string, string, number, number]>;
  readonly #renew: Statement<[number, string]>;
  readonly #end: Statement<[string, number, string, string]>;
  readonly #ended: Statement<[number, number], { id: string }>;
  readonly #removeLines: Statement<[string]>;
  readonly #remove: Statement<[string]>;

  constructor(database: Database) {
    this.#insert = database.prepare(`
      INSERT INTO reservation (id, channel, owner, state, created_at, expires_at, ttl_seconds, is_partial)
      VALUES (?, ?, ?, 'held', ?, ?, ?, ?)`);
    this.#insertLine = database.prepare(
      'INSERT INTO reservation_line (reservation, sku, requested, promised) VALUES (?, ?, ?, ?)',
    );
    this.#renew = database.prepare("UPDATE reservation SET expires_at = ? WHERE id = ? AND state = 'held'");
    this.#end = database.prepare(
      "UPDATE reservation SET state = ?, ended_at = ?, end_reason = ? WHERE id = ? AND state = 'held'",
    );
    this.#ended = database.prepare(
      "SELECT id FROM reservation WHERE state <> 'held' AND ended_at < ? ORDER BY ended_at LIMIT ?",
    );
    this.#removeLines = database.prepare('DELETE FROM reservation_line WHERE reservation = ?');
    this.#remove = database.prepare('DELETE FROM reservation WHERE id = ?');
  }

  insert(
    reservation: Pick<Reservation, 'id' | 'channel' | 'owner' | 'createdAt' | 'expiresAt'> & {
      readonly ttlSeconds: number;
      readonly isPartial: boolean;
    },
    lines: readonly ReservationLineRow[],
  ): void {
    const { id, channel, owner, createdAt, expiresAt, ttlSeconds, isPartial } = reservation;
    this.#insert.run(id, channel, owner, createdAt, expiresAt, ttlSeconds, isPartial ? 1 : 0);
    for (const { sku, requested, promised } of lines) this.#insertLine.run(id, sku, requested, promised);
  }

  renew(id: string, expiresAt: number): void {
    this.#renew.run(expiresAt, id);
  }

  end(ids: readonly string[], state: Exclude<ReservationState, 'held'>, ended: { at: number; reason: string }): void {
    for (const id of ids) this.#end.run(state, ended.at, ended.reason, id);
  }

  /** Forgets those that ended before a moment, at most so many; tells how many. */
  forget(before: number, limit: number): number {
    const forgotten = this.#ended.all(before, limit);
    for (const { id } of forgotten) {
      this.#removeLines.run(id);
      this.#remove.run(id);
    }
    return forgotten.length;
  }
}
