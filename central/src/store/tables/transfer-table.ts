import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferLine } from '@edgestock/shared/protocol/directive';
import type { Awaitable } from '@edgestock/shared/runtime/awaitable';
import type { TransferRecord, TransferStage } from '../../rules/transfer.ts';

/** Reads transfers. */
export interface TransferTable {
  numbered(number: number): Awaitable<TransferRecord | undefined>;
  /** Those that are not closed and have the warehouse at an end, in the order of their numbers. */
  openAt(warehouse: WarehouseId): Awaitable<readonly TransferRecord[]>;
  /** Those that are not closed, or were changed since a moment, and have the warehouse at an end, in the order of their numbers. */
  lateAt(warehouse: WarehouseId, since: number): Awaitable<readonly TransferRecord[]>;
}

export type TransferEnds = {
  readonly number: number;
  readonly from: WarehouseId;
  readonly to: WarehouseId;
  /** Its source has told of it; else only arrivals have. */
  readonly isShipped: boolean;
};

/** Writes transfers, inside a transaction of its caller. */
export interface TransferWriter {
  find(id: string, from: WarehouseId): Awaitable<TransferEnds | undefined>;
  /** Makes a row for one that was not heard of; returns its number. */
  insert(
    transfer: {
      readonly id: string;
      readonly from: WarehouseId;
      readonly to: WarehouseId;
      readonly isShipped: boolean;
    },
    now: number,
  ): Awaitable<number>;
  /** Its source says where it goes. */
  redirect(number: number, to: WarehouseId): Awaitable<void>;
  add(transfer: number, units: TransferLine): Awaitable<void>;
  settle(number: number, state: TransferStage, now: number): Awaitable<void>;
  /**
   * Shows what is under way to a warehouse at its position. False when that was shown before. A warehouse that never had the SKU
   * gets a position to show it at: version 0, as before any delta.
   */
  showIncoming(sku: Sku, warehouse: WarehouseId): Awaitable<boolean>;
}
