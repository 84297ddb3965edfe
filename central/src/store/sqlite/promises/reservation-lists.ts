import type { Database, Statement } from 'better-sqlite3';
import type { Channel } from '../../../rules/channel.ts';
import type { ReservationState } from '../../../rules/reservation.ts';

export type ReservationRow = {
  readonly id: string;
  readonly channel: Channel;
  readonly owner: string;
  readonly state: ReservationState;
  readonly created_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly end_reason: string | null;
};
export const RESERVATION_COLUMNS = 'id, channel, owner, state, created_at, expires_at, ended_at, end_reason';

/** What a page is asked for by; `before` is the last of the page before it. */
export type ReservationPage = {
  readonly state?: ReservationState;
  readonly channel?: Channel;
  readonly before?: { readonly createdAt: number; readonly id: string };
  readonly now: number;
  readonly limit: number;
};

type Kind = Pick<ReservationRow, 'channel' | 'state'>;
type Place = { readonly createdAt: number; readonly id: string };
const BEFORE = '(created_at, id) < (@createdAt, @id)';
const LATEST = 'ORDER BY created_at DESC, id DESC LIMIT';
/** Of those in the state held: one whose time is over is not, whether or not it was swept up. */
const IS_KEPT = "(state <> 'held' OR NOT @isKept OR expires_at > @now)";

/** Pages of reservations, latest first. */
export class SqliteReservationLists {
  readonly #ofOwner: Statement<[object], ReservationRow>;
  readonly #nextKind: Statement<[Kind], Kind>;
  readonly #latestOf: Statement<[object], ReservationRow>;

  constructor(database: Database) {
    // An owner has few: the plus keeps the other filters from choosing an index of their own.
    this.#ofOwner = database.prepare(`
      SELECT ${RESERVATION_COLUMNS} FROM reservation
      WHERE owner = @owner AND (@state IS NULL OR +state = @state) AND (@channel IS NULL OR +channel = @channel)
        AND ${IS_KEPT} AND ${BEFORE} ${LATEST} @limit`);
    this.#nextKind = database.prepare(`
      SELECT channel, state FROM reservation WHERE (channel, state) > (@channel, @state) ORDER BY channel, state LIMIT 1`);
    this.#latestOf = database.prepare(`
      SELECT ${RESERVATION_COLUMNS} FROM reservation
      WHERE channel = @channel AND state = @state AND ${IS_KEPT} AND ${BEFORE} ${LATEST} 1`);
  }

  ofOwner(owner: string, page: ReservationPage): readonly ReservationRow[] {
    const { state = null, channel = null, limit } = page;
    return this.#ofOwner.all({ owner, state, channel, limit, ...placeOf(page.before), ...keptOf(page) });
  }

  /**
   * Of everybody: step by step the latest of the latest that each channel has in each state. One seek for each, where an index for
   * each way to ask would be paid for by every reservation that is made.
   */
  merged(page: ReservationPage): readonly ReservationRow[] {
    const rows: ReservationRow[] = [];
    const next = (kind: Kind, place: Place) => this.#latestOf.get({ ...kind, ...place, ...keptOf(page) });
    const heads = this.#kinds(page).flatMap((kind) => next(kind, placeOf(page.before)) ?? []);
    while (rows.length < page.limit) {
      const [head] = heads.sort(later);
      if (head === undefined) break;
      rows.push(head);
      const { channel, state, created_at: createdAt, id } = head;
      heads.splice(0, 1, ...[next({ channel, state }, { createdAt, id })].filter((row) => row !== undefined));
    }
    return rows;
  }

  /** The channels and states that there are reservations of, as far as they are asked for. */
  #kinds({ state, channel }: ReservationPage): readonly Kind[] {
    const kinds: Kind[] = [];
    let kind = this.#nextKind.get({ channel: '' as Channel, state: '' as ReservationState });
    while (kind !== undefined) {
      kinds.push(kind);
      kind = this.#nextKind.get(kind);
    }
    return kinds.filter((one) => one.state === (state ?? one.state) && one.channel === (channel ?? one.channel));
  }
}

function placeOf(before: Place | undefined): Place {
  const { createdAt, id } = before ?? { createdAt: Number.MAX_SAFE_INTEGER, id: '' };
  return { createdAt, id };
}

function keptOf({ state, now }: ReservationPage) {
  return { now, isKept: state === 'held' ? 1 : 0 };
}

function later(a: ReservationRow, b: ReservationRow): number {
  return b.created_at - a.created_at || (a.id < b.id ? 1 : -1);
}
