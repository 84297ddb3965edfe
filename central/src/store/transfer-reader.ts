import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferRecord, TransferStage } from '../rules/transfer.ts';

/** Units of one transfer that have left and not arrived. */
export type UnderWay = { readonly transfer: string; readonly from: WarehouseId; readonly units: number };

/** Goods between warehouses, as the facts of both ends tell. */
export interface TransferReader {
  /** Those of a name, by source: two sources may have given the same one. */
  transfersNamed(id: string): Promise<readonly TransferRecord[]>;

  /** Latest first; `before` is the number of the last one of the page before. `warehouse` is at either end. */
  transfers(options: {
    readonly state?: TransferStage;
    readonly warehouse?: WarehouseId;
    readonly before?: number;
    readonly limit: number;
  }): Promise<readonly TransferRecord[]>;

  /** What the incoming units of a position are made of, oldest first, at most so many. */
  underWayTo(warehouse: WarehouseId, sku: Sku, limit: number): Promise<readonly UnderWay[]>;
}
