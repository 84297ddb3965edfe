import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Condition } from '@edgestock/shared/inventory/movement';
import type { Position } from '@edgestock/shared/inventory/position';
import type { ExceptionRow } from '../store/exception-store.ts';
import type { LateFactRow } from '../store/late-fact-store.ts';
import type { ReservationFilter, ReservationPage, ReservationShare } from '../store/reservation-store.ts';
import type { TransferFilter, TransferPage, TransferShare } from '../store/transfer-store.ts';
import type { RecordedMovement, Reservation, Task, TaskState, TaskStep, Transfer } from './command.ts';

export type { ReservationFilter, ReservationShare } from '../store/reservation-store.ts';
export type { TransferFilter, TransferShare } from '../store/transfer-store.ts';

/** What the doors may read. Everything here is a consistent state between two commits. */

export type Item = {
  readonly sku: Sku;
  readonly name: string | undefined;
  /** False for a SKU that first appeared in a fact and is in no catalogue. */
  readonly isListed: boolean;
};

/** Where the units of a position physically are. */
export type Balance = {
  /** Empty = the default bin. */
  readonly bin: string;
  /** Empty = no lot. */
  readonly lot: string;
  readonly condition: Condition;
  readonly quantity: number;
  /** `YYYY-MM-DD`, of the lot */
  readonly expiry: string | undefined;
};

export type StockEntry = { readonly item: Item; readonly position: Position };
export type StockDetail = StockEntry & { readonly balances: readonly Balance[] };

export type StockPage = { readonly entries: readonly StockEntry[]; readonly next: Sku | undefined };

/** The item of a scanned barcode and how many base units one scan of it means (a case of 12). */
export type BarcodeMatch = { readonly sku: Sku; readonly barcode: string; readonly multiple: number };

/** Why a number is what it is: the position at a log place, and the movements that led there, newest first. */
export type Explanation = {
  readonly item: Item;
  readonly position: Position;
  readonly atSequence: number;
  /** Units by movement kind since the history's begin: what they sum up to is on hand minus `openingOnHand`. */
  readonly openingOnHand: number;
  readonly movements: readonly RecordedMovement[];
  /** Ask again with `before=` this sequence for older movements; absent when there are none. */
  readonly nextBefore: number | undefined;
};

export type StockException = ExceptionRow & {
  /** Of a `directive-refused`: the latest of central's directives that could not be carried out, and why. */
  readonly directive?: { readonly centralEpoch: number; readonly sequence: number; readonly reason: string };
};

/** The log's cursors and identity, as the status route and the metrics tell them. */
export type LogStatus = {
  readonly warehouse: WarehouseId;
  readonly epoch: number;
  readonly instance: string;
  /** Last committed sequence. */
  readonly sequence: number;
  readonly hash: string;
  /** Oldest sequence still in the log; history before it was trimmed behind central's cursor. */
  readonly firstSequence: number;
  /** Central's cursor as last heard, durable. */
  readonly appliedUpTo: number;
  readonly openExceptions: number;
  /** Held and confirmed ones: those that have units set aside. */
  readonly openReservations: number;
  readonly databaseBytes: number;
};

/** The read side of the ledger. */
export type StockView = {
  /** The quantities alone: one key look-up, for the hottest read. */
  position(sku: Sku): Position | undefined;
  entry(sku: Sku): StockEntry | undefined;
  detail(sku: Sku): StockDetail | undefined;
  /** Entries in SKU order after `after`; `next` continues. */
  page(after: Sku | undefined, limit: number): StockPage;
  explain(sku: Sku, options: { atSequence?: number; before?: number; limit: number }): Explanation | undefined;
  /** The log after a sequence, oldest first. */
  movementsAfter(sequence: number, limit: number): readonly RecordedMovement[];
  openExceptions(after: number, limit: number): readonly StockException[];
  /** Its state as of now: one whose time has run out is told as expired. */
  reservation(id: string): Reservation | undefined;
  /** In order of making, after a number; `next` continues. */
  reservations(filter: ReservationFilter, after: number, limit: number): ReservationPage;
  /** The reservations behind a SKU's reserved and committed units, oldest first. */
  openReservationsOf(sku: Sku, limit: number): readonly ReservationShare[];
  /** Ids of held reservations whose time has run out, those that ran out first before the others. */
  dueReservations(limit: number): readonly string[];
  /** Closed ones, in the order in which they were opened. */
  resolvedExceptions(after: number, limit: number): readonly StockException[];
  /** The first of the candidates that a catalogue knows. */
  barcode(candidates: readonly string[]): BarcodeMatch | undefined;
  log(): LogStatus;
};

/** A page of tasks in the order of their arrival; `next` continues it. */
export type TaskPage = { readonly tasks: readonly Task[]; readonly next: number | undefined };

/** What one task still has committed of a SKU. */
export type TaskShare = { readonly task: string; readonly order: string; readonly units: number };

/** Central's allocations as work, as the doors may read them. */
export type TaskView = {
  find(id: string): Task | undefined;
  page(state: TaskState | undefined, after: number, limit: number): TaskPage;
  /** The task as the request that did the step was told; `undefined` when it was not done. */
  step(task: string, step: TaskStep): { readonly answer: Task } | undefined;
  /** Tasks that are neither shipped nor released. */
  openCount(): number;
  /** The tasks behind a SKU's committed units, oldest first. */
  ofSku(sku: Sku, limit: number): readonly TaskShare[];
};

/** What became of late facts, as the doors may read it: in the order in which they came. */
export type LateFactView = {
  page(question: {
    readonly late: number | undefined;
    readonly after: number;
    readonly limit: number;
  }): readonly LateFactRow[];
};
export type { LateFactRow } from '../store/late-fact-store.ts';

/** Transfers from and to this warehouse, as the doors may read them. */
export type TransferView = {
  find(id: string, from: WarehouseId): Transfer | undefined;
  /** Of every source that uses the name. */
  named(id: string): readonly Transfer[];
  page(filter: TransferFilter, after: number, limit: number): TransferPage;
  /** The transfers that have units of a SKU set aside or under way, oldest first. */
  ofSku(sku: Sku, limit: number): readonly TransferShare[];
  /** Transfers that are neither closed nor cancelled. */
  openCount(): number;
};
