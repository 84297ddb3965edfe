import type { Sku } from '@edgestock/shared/inventory/ids';
import { emptyPosition, type Position } from '@edgestock/shared/inventory/position';
import { decodeDelta } from '@edgestock/shared/protocol/codec';
import { positionBefore } from '../rules/position-before.ts';
import { type Reservation, stateAt } from '../rules/reservation.ts';
import type { EdgeStore } from '../store/edge-store.ts';
import type { ItemRow } from '../store/item-store.ts';
import type { MovementRow } from '../store/movement-store.ts';
import type { ReservationFilter, ReservationPage, ReservationShare } from '../store/reservation-store.ts';
import type { RecordedMovement } from './command.ts';
import type { ExpiryClock } from './expiry-clock.ts';
import { recordedFromRow } from './recorded.ts';
import type { ShelfCache } from './shelf-cache.ts';
import type {
  Balance,
  BarcodeMatch,
  Explanation,
  Item,
  LogStatus,
  StockDetail,
  StockEntry,
  StockException,
  StockPage,
  StockView,
} from './view.ts';

/** The ledger's read side. Reads are synchronous and see the state between two commits. */
export class StockReader implements StockView {
  readonly #store: EdgeStore;
  readonly #shelves: ShelfCache;
  readonly #expiry: ExpiryClock;

  constructor({ store, shelves, expiry }: { store: EdgeStore; shelves: ShelfCache; expiry: ExpiryClock }) {
    this.#store = store;
    this.#shelves = shelves;
    this.#expiry = expiry;
  }

  position(sku: Sku): Position | undefined {
    return this.#shelves.position(sku);
  }

  entry(sku: Sku): StockEntry | undefined {
    const item = this.#store.items.find(sku);
    return item && { item: itemOf(item), position: this.#shelves.position(sku) ?? emptyPosition };
  }

  detail(sku: Sku): StockDetail | undefined {
    const entry = this.entry(sku);
    if (entry === undefined) return undefined;
    const { balances, expiries } = this.#shelves.load(sku);
    return {
      ...entry,
      balances: balances.map((balance): Balance => ({ ...balance, expiry: expiries.get(balance.lot) })),
    };
  }

  page(after: Sku | undefined, limit: number): StockPage {
    const items = this.#store.items.page(after, limit);
    return {
      entries: items.map((item) => ({
        item: itemOf(item),
        position: this.#store.shelves.position(item.sku) ?? emptyPosition,
      })),
      next: items.length === limit ? items.at(-1)?.sku : undefined,
    };
  }

  explain(sku: Sku, options: { atSequence?: number; before?: number; limit: number }): Explanation | undefined {
    const item = this.#store.items.find(sku);
    if (item === undefined) return undefined;
    const head = this.#store.outbox.head().sequence;
    const atSequence = Math.min(options.atSequence ?? head, head);
    const newestFirst = this.#store.movements.ofSku(sku, atSequence, 1);
    const position = positionAfter(newestFirst[0]) ?? this.#positionBeforeLog(sku, atSequence);
    const upTo = Math.min(atSequence, (options.before ?? Number.MAX_SAFE_INTEGER) - 1);
    const rows = this.#store.movements.ofSku(sku, upTo, options.limit + 1);
    const shown = rows.slice(0, options.limit);
    const oldest = shown.at(-1);
    return {
      item: itemOf(item),
      position,
      atSequence,
      openingOnHand: oldest === undefined ? position.onHand : positionBefore(decodeDelta(oldest.delta)).onHand,
      movements: shown.map(recordedFromRow),
      nextBefore: rows.length > options.limit ? oldest?.sequence : undefined,
    };
  }

  movementsAfter(sequence: number, limit: number): readonly RecordedMovement[] {
    return this.#store.movements.after(sequence, limit).map(recordedFromRow);
  }

  openExceptions(after: number, limit: number): readonly StockException[] {
    return this.#store.exceptions
      .openAfter(after, limit)
      .map((row) => (row.kind === 'directive-refused' ? { ...row, ...this.#refusedDirective() } : row));
  }

  reservation(id: string): Reservation | undefined {
    const reservation = this.#store.documents.reservations.find(id);
    return reservation && this.#judged(reservation);
  }

  reservations(filter: ReservationFilter, after: number, limit: number): ReservationPage {
    const page = this.#store.documents.reservations.page(filter, { after, limit, expiryTime: this.#expiry.now() });
    return { ...page, reservations: page.reservations.map((reservation) => this.#judged(reservation)) };
  }

  openReservationsOf(sku: Sku, limit: number): readonly ReservationShare[] {
    return this.#store.documents.reservations.openOfSku(sku, limit);
  }

  dueReservations(limit: number): readonly string[] {
    return this.#store.documents.reservations.due(this.#expiry.now(), limit);
  }

  resolvedExceptions(after: number, limit: number): readonly StockException[] {
    return this.#store.exceptions.resolvedAfter(after, limit);
  }

  barcode(candidates: readonly string[]): BarcodeMatch | undefined {
    return this.#store.items.firstBarcode(candidates);
  }

  log(): LogStatus {
    const { outbox } = this.#store;
    const { warehouse, epoch, instance } = outbox.identity();
    const head = outbox.head();
    return {
      warehouse,
      epoch,
      instance,
      sequence: head.sequence,
      hash: Buffer.from(head.hash).toString('hex'),
      firstSequence: outbox.firstSequence(),
      appliedUpTo: outbox.appliedUpTo(),
      openExceptions: this.#store.exceptions.openCount(),
      databaseBytes: this.#store.databaseBytes(),
      openReservations: this.#store.documents.reservations.openCount(),
    };
  }

  /** Expiry is judged on every read: whether its release has been recorded is the sweeper's business. */
  #judged(reservation: Reservation): Reservation {
    return { ...reservation, state: stateAt(reservation, this.#expiry.now()) };
  }

  #refusedDirective(): Pick<StockException, 'directive'> {
    const [latest] = this.#store.documents.directives.refused(1);
    if (latest === undefined) return {};
    const { centralEpoch, sequence, reason } = latest;
    return { directive: { centralEpoch, sequence, reason } };
  }

  /** The position at a place up to which the log holds no movement of the SKU: what its next movement found, or what is now. */
  #positionBeforeLog(sku: Sku, atSequence: number): Position {
    const next = this.#store.movements.nextOfSku(sku, atSequence);
    return next === undefined
      ? (this.#shelves.position(sku) ?? emptyPosition)
      : positionBefore(decodeDelta(next.delta));
  }
}

function positionAfter(row: MovementRow | undefined): Position | undefined {
  if (row === undefined) return undefined;
  const { state, version } = decodeDelta(row.delta);
  return { ...state, version, sequence: row.sequence };
}

function itemOf(row: ItemRow): Item {
  return { sku: row.sku, name: row.name ?? undefined, isListed: row.isListed };
}
