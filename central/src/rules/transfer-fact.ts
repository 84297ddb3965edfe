import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import { isSellable, movementKinds } from '@edgestock/shared/inventory/movement';
import type { Delta } from '@edgestock/shared/protocol/delta';

/** What a delta says of goods between two warehouses. */
export type TransferFact = {
  readonly fact: 'ship' | 'receive' | 'damage' | 'lose';
  readonly transfer: string;
  /** The one at the other end: where a shipment goes, where an arrival comes from. */
  readonly otherWarehouse: WarehouseId;
  readonly sku: Sku;
  /** Positive; of what is lost negative where units turned up after all. */
  readonly quantity: number;
};

const { 'transfer-ship': ship, 'transfer-receive': receive, 'transfer-lost': lost } = movementKinds;

/** `undefined` for most deltas: it costs ordinary sales one comparison. */
export function transferFactOf({ kind, sku, quantity, details }: Delta): TransferFact | undefined {
  if (kind < ship.code || kind > lost.code) return undefined;
  const { document: transfer, otherWarehouse } = details;
  if (transfer === undefined || otherWarehouse === undefined || quantity === 0) return undefined;
  const told = { transfer, otherWarehouse, sku };
  switch (kind) {
    case ship.code:
      return { ...told, fact: 'ship', quantity: Math.abs(quantity) };
    case receive.code: {
      const isFit = isSellable(details.condition ?? 'sellable');
      return { ...told, fact: isFit ? 'receive' : 'damage', quantity: Math.abs(quantity) };
    }
    case lost.code:
      return { ...told, fact: 'lose', quantity };
    default:
      return undefined;
  }
}
