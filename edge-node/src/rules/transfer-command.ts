import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Reason } from '@edgestock/shared/inventory/movement';
import type { SkuQuantity } from '@edgestock/shared/protocol/directive';
import type { CommandContext } from './command-context.ts';
import type { MovementLine } from './movement-command.ts';

type OfTransfer = CommandContext & { readonly id: string };

/** Set units aside for another warehouse: all lines or none. */
export type PlanTransfer = OfTransfer & {
  readonly type: 'plan-transfer';
  readonly to: WarehouseId;
  readonly lines: readonly SkuQuantity[];
  readonly note?: string;
  /** Digest of the request, by which the same id is told from a retry. */
  readonly fingerprint: string;
};

/** The goods have left. Without lines: all that was planned, wherever the books have it. */
export type ShipTransfer = OfTransfer & {
  readonly type: 'ship-transfer';
  readonly lines?: readonly MovementLine[];
  readonly fingerprint: string;
};

/** It does not go: what was set aside is given up. */
export type CancelTransfer = OfTransfer & { readonly type: 'cancel-transfer' };

/** Goods of a transfer have arrived here. */
export type ReceiveTransfer = OfTransfer & {
  readonly type: 'receive-transfer';
  /** Where they come from; needed while no transfer of that name is known here, or several are. */
  readonly from?: WarehouseId;
  readonly lines: readonly MovementLine[];
  /** Nothing more has come. */
  readonly isLast: boolean;
};

/** What has not come will not come. */
export type CloseTransfer = OfTransfer & {
  readonly type: 'close-transfer';
  /** Where its goods come from; needed where several sources use the name. */
  readonly from?: WarehouseId;
  readonly reason: Reason;
  readonly actor: string;
};

export type TransferCommand = PlanTransfer | ShipTransfer | CancelTransfer | ReceiveTransfer | CloseTransfer;
