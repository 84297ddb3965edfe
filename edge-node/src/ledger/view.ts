import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Condition } from '@edgestock/shared/inventory/movement';
import type { Position } from '@edgestock/shared/inventory/position';
import type { ExceptionKind, ExceptionResolution, RecordedMovement } from './command.ts';

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

export type StockException = {
  readonly id: number;
  readonly kind: ExceptionKind;
  readonly sku: Sku;
  readonly sequence: number;
  readonly deficit: number;
  /** What was scanned and could not be read; only of the kind `unreadable-barcode`. */
  readonly barcode: string | undefined;
  readonly openedAt: number;
  /** `undefined` while it is open. */
  readonly resolution: ExceptionResolution | undefined;
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
  /** Closed ones, in the order in which they were opened. */
  resolvedExceptions(after: number, limit: number): readonly StockException[];
  /** The first of the candidates that a catalogue knows. */
  barcode(candidates: readonly string[]): BarcodeMatch | undefined;
  log(): LogStatus;
};
