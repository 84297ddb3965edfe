import { must } from '@edgestock/shared/runtime/assert';
import type { Reservation, ReservationState } from '../../../rules/reservation.ts';
import type { PromiseReader } from '../../promise-store.ts';
import type {
  ReservationLineRow,
  ReservationReader,
  ReservationTerms,
  ReservationWriter,
} from '../../tables/reservation-table.ts';
import { firstRow, type Parameter, type Session } from '../session.ts';

type ReservationRow = Omit<Reservation, 'ended'> & {
  readonly endedAt: number | null;
  readonly endReason: string | null;
};

/** Whole: a reader needs no second statement, and so no transaction, to see one committed state of it. */
const RESERVATION = `
  SELECT r.id, r.channel, r.owner, r.state, r.created_at AS "createdAt", r.expires_at AS "expiresAt",
    r.ended_at AS "endedAt", r.end_reason AS "endReason",
    (SELECT coalesce(json_agg(json_build_object('sku', l.sku, 'requested', l.requested, 'holds',
        (SELECT coalesce(json_agg(json_build_object('warehouse', h.warehouse, 'quantity', h.quantity)
            ORDER BY h.warehouse), '[]')
          FROM hold h WHERE h.kind = 'reservation' AND h.holder = r.id AND h.sku = l.sku)) ORDER BY l.sku), '[]')
      FROM reservation_line l WHERE l.reservation = r.id) AS lines
  FROM reservation r`;

/** `ReservationReader` on PostgreSQL. */
export class PostgresReservationReader implements ReservationReader {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(id: string): Promise<Reservation | undefined> {
    const row = await firstRow<ReservationRow>(this.#session, `${RESERVATION} WHERE r.id = $1`, [id]);
    return row && reservationOf(row);
  }

  async known(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#session.rows<{ id: string }>('SELECT id FROM reservation WHERE id = ANY ($1::text[])', [
      ids,
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  /** One statement for each set of filters, so that each is planned for what it asks. */
  async latest(options: Parameters<PromiseReader['reservations']>[0]): Promise<readonly Reservation[]> {
    const { state, channel, owner, before, now, limit } = options;
    const parameters: Parameter[] = [before?.createdAt ?? Number.MAX_SAFE_INTEGER, before?.id ?? '', limit];
    const conditions = ['(r.created_at, r.id) < ($1, $2)'];
    const filter = (condition: string, value: Parameter) => {
      parameters.push(value);
      conditions.push(`${condition} $${parameters.length}`);
    };
    if (owner !== undefined) filter('r.owner =', owner);
    if (state !== undefined) filter('r.state =', state);
    if (channel !== undefined) filter('r.channel =', channel);
    if (state === 'held') filter('r.expires_at >', now);
    const rows = await this.#session.rows<ReservationRow>(
      `${RESERVATION} WHERE ${conditions.join(' AND ')} ORDER BY r.created_at DESC, r.id DESC LIMIT $3`,
      parameters,
    );
    return rows.map(reservationOf);
  }

  async lines(id: string): Promise<readonly ReservationLineRow[]> {
    return this.#session.rows<ReservationLineRow>(
      'SELECT sku, requested, promised FROM reservation_line WHERE reservation = $1 ORDER BY sku',
      [id],
    );
  }

  async terms(id: string): Promise<ReservationTerms> {
    const row = await firstRow<{ ttlSeconds: number | null; isPartial: boolean | null }>(
      this.#session,
      'SELECT ttl_seconds AS "ttlSeconds", is_partial AS "isPartial" FROM reservation WHERE id = $1',
      [id],
    );
    const { ttlSeconds, isPartial } = must(row, 'the reservation is there');
    return { ttlSeconds: ttlSeconds ?? undefined, isPartial: isPartial ?? undefined };
  }

  async held(): Promise<number> {
    const row = await firstRow<{ held: number }>(
      this.#session,
      "SELECT count(*) AS held FROM reservation WHERE state = 'held'",
    );
    return row?.held ?? 0;
  }

  async nextEnd(): Promise<number | undefined> {
    const row = await firstRow<{ next: number | null }>(
      this.#session,
      "SELECT min(expires_at) AS next FROM reservation WHERE state = 'held'",
    );
    return row?.next ?? undefined;
  }

  async over(now: number, limit: number): Promise<readonly string[]> {
    const rows = await this.#session.rows<{ id: string }>(
      "SELECT id FROM reservation WHERE state = 'held' AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2",
      [now, limit],
    );
    return rows.map(({ id }) => id);
  }
}

/** `ReservationWriter` on PostgreSQL. */
export class PostgresReservationWriter implements ReservationWriter {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(
    reservation: Pick<Reservation, 'id' | 'channel' | 'owner' | 'createdAt' | 'expiresAt'> & {
      readonly ttlSeconds: number;
      readonly isPartial: boolean;
    },
    lines: readonly ReservationLineRow[],
  ): Promise<void> {
    const { id, channel, owner, createdAt, expiresAt, ttlSeconds, isPartial } = reservation;
    await this.#session.send(
      `WITH made AS (
        INSERT INTO reservation (id, channel, owner, state, created_at, expires_at, ttl_seconds, is_partial)
        VALUES ($1, $2, $3, 'held', $4, $5, $6, $7))
      INSERT INTO reservation_line (reservation, sku, requested, promised)
      SELECT $1, sku, requested, promised
      FROM unnest($8::text[], $9::bigint[], $10::bigint[]) AS line (sku, requested, promised)`,
      [
        ...[id, channel, owner, createdAt, expiresAt, ttlSeconds, isPartial],
        lines.map(({ sku }) => sku),
        lines.map(({ requested }) => requested),
        lines.map(({ promised }) => promised),
      ],
    );
  }

  async renew(id: string, expiresAt: number): Promise<void> {
    await this.#session.send("UPDATE reservation SET expires_at = $1 WHERE id = $2 AND state = 'held'", [
      expiresAt,
      id,
    ]);
  }

  async end(
    ids: readonly string[],
    state: Exclude<ReservationState, 'held'>,
    ended: { readonly at: number; readonly reason: string },
  ): Promise<void> {
    await this.#session.send(
      "UPDATE reservation SET state = $1, ended_at = $2, end_reason = $3 WHERE id = ANY ($4::text[]) AND state = 'held'",
      [state, ended.at, ended.reason, ids],
    );
  }

  async forget(before: number, limit: number): Promise<number> {
    return this.#session.run(
      `WITH ended AS (
        SELECT id FROM reservation WHERE state <> 'held' AND ended_at < $1 ORDER BY ended_at LIMIT $2),
      lines AS (DELETE FROM reservation_line WHERE reservation IN (SELECT id FROM ended))
      DELETE FROM reservation WHERE id IN (SELECT id FROM ended)`,
      [before, limit],
    );
  }
}

function reservationOf({ endedAt, endReason, ...reservation }: ReservationRow): Reservation {
  return { ...reservation, ...(endedAt === null ? {} : { ended: { at: endedAt, reason: endReason ?? '' } }) };
}
