import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Condition, Reason, StatedKind } from '@edgestock/shared/inventory/movement';
import type { CommandContext } from './command-context.ts';

/** One line of a movement command, parsed: whole units, a known SKU's text, nothing left to check but the state. */
export type MovementLine = {
  readonly sku: Sku;
  /** Units as the caller states them: positive, except for `adjust`, which is signed. */
  readonly quantity: number;
  readonly bin?: string;
  readonly lot?: string;
  /** `YYYY-MM-DD` */
  readonly expiry?: string;
  readonly condition?: Condition;
  readonly toBin?: string;
  readonly toCondition?: Condition;
  readonly serials?: readonly string[];
  readonly reason?: Reason;
  /** What was scanned and cannot be read, as far as it is kept: the SKU was made from it. */
  readonly unreadableBarcode?: string;
};

/** One line of a count: what was seen, and where. Without a bin it counts the whole position. */
export type CountLine = {
  readonly sku: Sku;
  readonly counted: number;
  readonly bin?: string;
  readonly lot?: string;
  readonly condition?: Condition;
  /** The log place at which it was seen; absent = now. Later movements stay valid on top of it. */
  readonly atSequence?: number;
};

export type RecordMovements = CommandContext & {
  readonly type: 'record';
  readonly kind: StatedKind;
  readonly lines: readonly MovementLine[];
  /** Holds for every line that names none of its own. */
  readonly reason?: Reason;
};

/** Movements that state goods: as a person or a till tells them, or of a transfer. */
export type StatedMovements = Omit<RecordMovements, 'type' | 'kind'> & {
  readonly kind: StatedKind | 'transfer-ship' | 'transfer-receive';
  /** Of a transfer. */
  readonly otherWarehouse?: WarehouseId;
};

export type PostCount = CommandContext & {
  readonly type: 'count';
  readonly lines: readonly CountLine[];
  readonly reason?: Reason;
};
