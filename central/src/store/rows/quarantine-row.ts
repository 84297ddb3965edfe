import { createHash } from 'node:crypto';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { QuarantineInput, QuarantineReason, QuarantineRecord, Settlement } from '../central-store.ts';

export type QuarantineRow = {
  readonly id: number;
  readonly warehouse: string;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly epoch: number | null;
  readonly firstSequence: number | null;
  readonly lastSequence: number | null;
  readonly sku: string | null;
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly settledAs: Settlement['as'] | null;
  readonly settledAt: number | null;
  readonly settledBy: string | null;
  readonly settledWhy: string | null;
  readonly directive: number | null;
};

export function quarantineRecordOf(row: QuarantineRow): QuarantineRecord {
  const settled = settlementOf(row);
  return {
    id: row.id,
    warehouse: row.warehouse as WarehouseId,
    reason: row.reason,
    detail: row.detail,
    bytes: row.bytes,
    at: row.at,
    ...(row.epoch === null ? {} : { epoch: row.epoch }),
    ...(row.firstSequence === null ? {} : { firstSequence: row.firstSequence }),
    ...(row.lastSequence === null ? {} : { lastSequence: row.lastSequence }),
    ...(row.sku === null ? {} : { sku: row.sku as Sku }),
    ...(settled === undefined ? {} : { settled }),
  };
}

function settlementOf({
  settledAs,
  settledAt,
  settledBy,
  settledWhy,
  directive,
}: QuarantineRow): Settlement | undefined {
  if (settledAs === null) return undefined;
  return {
    as: settledAs,
    at: settledAt ?? 0,
    by: settledBy ?? '',
    why: settledWhy ?? '',
    ...(directive === null ? {} : { directive }),
  };
}

/** By what something is known again. The place is part of it: two sequences may well carry the same bytes. */
export function quarantineDigest({ epoch, firstSequence, lastSequence, bytes }: QuarantineInput): Uint8Array {
  return createHash('sha256')
    .update(`${epoch ?? ''}.${firstSequence ?? ''}.${lastSequence ?? ''}.`)
    .update(bytes)
    .digest();
}
