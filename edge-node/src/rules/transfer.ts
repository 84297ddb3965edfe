import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { TransferLine } from '@edgestock/shared/protocol/directive';

/**
 * Where a transfer stands, as far as this node knows. `planned`: its units are set aside at the source. `shipped`: all of it is
 * under way. `receiving`: some has arrived, or what was shipped is not known here yet. `closed`: every unit is accounted for.
 * Only `cancelled` and, for as long as the books agree, `closed` are ends.
 */
export const transferStates = ['planned', 'shipped', 'receiving', 'closed', 'cancelled'] as const;
export type TransferStage = (typeof transferStates)[number];

/** Goods on their way from one warehouse to another. While they are, they belong to the transfer and to neither's on hand. */
export type Transfer = {
  /** The document of its movements, at both ends. */
  readonly id: string;
  readonly from: WarehouseId;
  readonly to: WarehouseId;
  readonly state: TransferStage;
  /** One line per SKU. */
  readonly lines: readonly TransferUnits[];
  readonly note: string | undefined;
  /** Whoever received said that nothing more had come; what is missing then waits for somebody to close it. */
  readonly isComplete: boolean;
  /** Somebody said that what is missing will not come. Holds for all that is ever known to have been shipped. */
  readonly closing: TransferClosing | undefined;
  /** Digests of the requests that planned it and that shipped it, where they were made here. */
  readonly plannedAs: string | undefined;
  readonly shippedAs: string | undefined;
  readonly madeAt: number;
  readonly changedAt: number;
};

export type TransferClosing = { readonly reason: string; readonly actor: string };

/**
 * Units of one SKU over the life of a transfer. Each total has one writer: `shipped` the source, the others the warehouse at
 * which the goods arrive; of another's total the largest one heard counts.
 */
export type TransferUnits = TransferLine & {
  /** Units asked for; set aside for as long as the transfer is planned. */
  readonly planned: number;
};

/** Units that are neither here nor there: under way, or missing. Negative where more came than was shipped. */
export function openUnitsOf({ shipped, received, damaged, lost }: TransferLine): number {
  return shipped - received - damaged - lost;
}

/** Units that came beyond what was shipped; 0 as long as nobody has said what was. */
export function surplusOf(transfer: Pick<Transfer, 'lines'>, sku: Sku): number {
  const line = transfer.lines.find((one) => one.sku === sku);
  if (line === undefined || !isShipmentKnown(transfer)) return 0;
  return Math.max(0, line.received + line.damaged - line.shipped);
}

/** Whether it is known what was shipped: at the source always; elsewhere once central has told of it. */
export function isShipmentKnown({ lines }: Pick<Transfer, 'lines'>): boolean {
  return lines.some(({ shipped }) => shipped > 0);
}

/** The state that the lines come to. Before anything was shipped it is the source's own to say. */
export function withStage(transfer: Transfer): Transfer {
  return { ...transfer, state: stageOf(transfer) };
}

function stageOf(transfer: Transfer): TransferStage {
  const { state, lines } = transfer;
  const isShipped = isShipmentKnown(transfer);
  if (!isShipped && (state === 'planned' || state === 'cancelled')) return state;
  // Also where its source never told: it was closed where it arrived, and what came is lost below zero.
  const isTouched = lines.some(({ shipped, lost }) => shipped > 0 || lost !== 0);
  if (isTouched && lines.every((line) => openUnitsOf(line) === 0)) return 'closed';
  if (!isShipped) return 'receiving';
  const isUntouched = lines.every(({ received, damaged, lost }) => received === 0 && damaged === 0 && lost === 0);
  return isUntouched ? 'shipped' : 'receiving';
}

/** The lines with more of some units of a SKU; a SKU that had none gets a line. */
export function withUnits(
  lines: readonly TransferUnits[],
  sku: Sku,
  more: Partial<Omit<TransferUnits, 'sku'>>,
): readonly TransferUnits[] {
  const index = lines.findIndex((line) => line.sku === sku);
  const before = lines[index] ?? { sku, planned: 0, shipped: 0, received: 0, damaged: 0, lost: 0 };
  const after: TransferUnits = {
    sku,
    planned: before.planned + (more.planned ?? 0),
    shipped: before.shipped + (more.shipped ?? 0),
    received: before.received + (more.received ?? 0),
    damaged: before.damaged + (more.damaged ?? 0),
    lost: before.lost + (more.lost ?? 0),
  };
  return index === -1 ? [...lines, after] : lines.with(index, after);
}
