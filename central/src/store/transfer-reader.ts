import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferRecord, TransferStage } from '../rules/transfer.ts';

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
}
