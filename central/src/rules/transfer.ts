import type { TransferLine, TransferState } from '@edgestock/shared/protocol/directive';

/** `shipped`: under way. `receiving`: some has arrived. `closed`: every unit is accounted for, until a fact says otherwise. */
export const transferStates = ['shipped', 'receiving', 'closed'] as const;
export type TransferStage = (typeof transferStates)[number];

/** A transfer as the facts of both ends have it so far, in whatever order they came. */
export type TransferRecord = Omit<TransferState, 'isClosed'> & {
  /** Order of being heard of. */
  readonly number: number;
  readonly state: TransferStage;
  readonly firstAt: number;
  readonly changedAt: number;
};

/** Units that are neither here nor there. Negative where more arrived than is known to have left. */
export function openUnitsOf({ shipped, received, damaged, lost }: Omit<TransferLine, 'sku'>): number {
  return shipped - received - damaged - lost;
}

/**
 * A receipt may be heard of before its shipment: then nothing is known to be on its way. Whoever closes it there says that what
 * came is all, as `lost` below zero: it ends, though the source may never tell.
 */
export function transferStateOf(lines: readonly TransferLine[]): TransferStage {
  const isTouched = lines.some(({ shipped, lost }) => shipped > 0 || lost !== 0);
  if (isTouched && lines.every((line) => openUnitsOf(line) === 0)) return 'closed';
  const isUntouched = lines.every(({ received, damaged, lost }) => received === 0 && damaged === 0 && lost === 0);
  return isUntouched ? 'shipped' : 'receiving';
}
