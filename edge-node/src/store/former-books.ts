import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import type { Delta } from '@edgestock/shared/protocol/delta';
import type { StateAhead } from '@edgestock/shared/protocol/rejoin';
import { openDatabase } from '@edgestock/shared/sqlite/open-database';
import type { Database, Statement } from 'better-sqlite3';
import type { Idempotency } from '../rules/command-context.ts';
import { placeChanges } from '../rules/place-changes.ts';
import type { Reservation } from '../rules/reservation.ts';
import type { Transfer } from '../rules/transfer.ts';
import { MovementStore } from './movement-store.ts';
import { NodeStore } from './node-store.ts';
import { ReservationStore } from './reservation-store.ts';
import { isSameHash, type OtherLog, TornLog } from './torn-log.ts';
import { TransferStore } from './transfer-store.ts';

/** Movements of one command, or some of no particular one, in the order of the log. */
export type FormerCommand = { readonly deltas: readonly Delta[]; readonly idempotency: Idempotency | undefined };

type KeyRow = {
  first_sequence: number;
  movement_count: number;
  scope: Idempotency['scope'];
  key: string;
  fingerprint: string;
};

const CACHE_KIB = 8 * 1_024;
const PAGE_ROWS = 512;

/** The books that a rejoin replaces: read for what they alone know. */
export class FormerBooks {
  readonly path: string;
  readonly #database: Database;
  readonly #node: NodeStore;
  readonly #movements: MovementStore;
  readonly #torn: TornLog;
  readonly #reservations: ReservationStore;
  readonly #transfers: TransferStore;
  readonly #warehouse: WarehouseId;
  readonly #key: Statement<[number], KeyRow>;

  private constructor(database: Database, path: string) {
    this.path = path;
    this.#database = database;
    this.#node = new NodeStore(database);
    this.#warehouse = this.#node.identity().warehouse;
    this.#movements = new MovementStore(database);
    this.#torn = new TornLog(this.#node, this.#movements);
    this.#reservations = new ReservationStore(database);
    this.#transfers = new TransferStore(database);
    this.#key = database.prepare(
      'SELECT first_sequence, movement_count, scope, key, fingerprint FROM idempotency WHERE first_sequence = ?',
    );
  }

  static open(path: string): FormerBooks {
    return new FormerBooks(openDatabase(path, { cacheKiB: CACHE_KIB }), path);
  }

  /** Where their log ends. */
  head(): { readonly sequence: number; readonly hash: string } {
    const { sequence, hash } = this.#node.head();
    return { sequence, hash: Buffer.from(hash).toString('hex') };
  }

  /** Up to here they had trimmed their log, and forgotten under which keys it was asked for. */
  get forgotten(): number {
    return this.#node.checkpoint().sequence;
  }

  /**
   * The last place that both logs have in common, as far as they still reach back. `begin` is where the other one begins: what was
   * before it is the same, or nobody would have let this one rejoin.
   */
  commonWith(other: OtherLog & { readonly begin: number }): number {
    const head = this.#node.head().sequence;
    let common = Math.max(
      this.#node.checkpoint().sequence,
      Math.min(other.begin, head),
      this.#torn.commonByEnds(other) ?? 0,
    );
    let beyond = Math.min(head, other.head) + 1;
    // Histories that differ at a place differ everywhere after it.
    while (beyond - common > 1) {
      const middle = Math.floor((common + beyond) / 2);
      // Of salvaged books some places are missing.
      const row = this.#movements.firstIn(middle, beyond);
      if (row !== undefined && isSameHash(row.hash, other.hashAt(row.sequence))) common = row.sequence;
      else beyond = middle;
    }
    return common;
  }

  /** How many movements after the common place are in no books any more, these or the other ones: of salvaged ones places are missing. */
  missingBeyond(common: number, other: OtherLog): number {
    return this.#torn.missingBeyond(common, other);
  }

  /** What was recorded after a place. A command of which the place has a part is told by its rest. */
  *commandsAfter(place: number): Generator<FormerCommand> {
    let loose: Delta[] = [];
    let after = place;
    for (;;) {
      const rows = this.#movements.after(after, PAGE_ROWS);
      const [first] = rows;
      if (first === undefined) break;
      const key = this.#key.get(first.sequence);
      if (key === undefined) {
        loose.push(decodeDelta(first.delta));
        after = first.sequence;
        if (loose.length >= PAGE_ROWS) {
          yield { deltas: loose, idempotency: undefined };
          loose = [];
        }
        continue;
      }
      if (loose.length > 0) yield { deltas: loose, idempotency: undefined };
      loose = [];
      const { movement_count: count, scope, key: text, fingerprint } = key;
      const last = first.sequence + count - 1;
      const own = this.#movements.after(after, count).filter(({ sequence }) => sequence <= last);
      yield { deltas: own.map(({ delta }) => decodeDelta(delta)), idempotency: { scope, key: text, fingerprint } };
      after = last;
    }
    if (loose.length > 0) yield { deltas: loose, idempotency: undefined };
  }

  /** Whether they hold the very movement that led to a state which a life told of itself. */
  ledTo({ sku, onHand, unsellable, ledToBy }: StateAhead): boolean {
    if (ledToBy === undefined) return false;
    const [row] = this.#movements.after(ledToBy.sequence - 1, 1);
    if (row?.sequence !== ledToBy.sequence || row.sku !== sku) return false;
    const { version, at, state } = decodeDelta(row.delta);
    const isThen = version === ledToBy.version && at === ledToBy.at;
    return isThen && state.onHand === onHand && state.unsellable === unsellable;
  }

  /** What the movements of a SKU that they hold in (after, upTo] make of its units on hand. */
  onHandChange(sku: Sku, { after, upTo }: { readonly after: number; readonly upTo: number }): number {
    let change = 0;
    for (const { sequence, delta } of this.#movements.ofSkuSince(sku, after)) {
      if (sequence > upTo) break;
      for (const { quantity } of placeChanges(decodeDelta(delta))) change += quantity;
    }
    return change;
  }

  reservation(id: string): Reservation | undefined {
    return this.#reservations.find(id);
  }

  /** A transfer that leaves here. */
  transferFromHere(id: string): Transfer | undefined {
    return this.#transfers.find(id, this.#warehouse);
  }

  /** With its write-ahead log inside the file: it is about to get another name. */
  close(): void {
    this.#database.pragma('wal_checkpoint(TRUNCATE)');
    this.#database.close();
  }
}
