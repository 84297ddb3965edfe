import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';

/** What a decision about an order asks of central's own quotas and of the nodes, in this order. Carried out in its transaction. */
export type OrderEffect =
  /** Unspent quota is set aside for the order; and no longer. */
  | { readonly effect: 'hold'; readonly warehouse: WarehouseId; readonly sku: Sku; readonly quantity: number }
  | { readonly effect: 'free'; readonly warehouse: WarehouseId; readonly sku: Sku; readonly quantity: number }
  /** Held units become firm: they count as sent, and the node is told. */
  | {
      readonly effect: 'allocate';
      readonly task: string;
      readonly warehouse: WarehouseId;
      readonly lines: readonly SkuQuantity[];
      readonly dueAt: number;
      /** The node has the task since before central was restored from a backup: its units are counted as sent there already. */
      readonly isThere: boolean;
    }
  /** Asks a node to give up what it has not shipped; nothing changes until it says so. */
  | {
      readonly effect: 'release';
      readonly task: string;
      readonly warehouse: WarehouseId;
      readonly lines: readonly SkuQuantity[];
      readonly reason: string;
    };
