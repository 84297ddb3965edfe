import { createHash } from 'node:crypto';
import type { Sku, WarehouseId } from '@edgestock/shared/inventory/ids';
import type { QuarantineInput, QuarantineReason, QuarantineRecord, Settlement } from '../central-store.ts';

export const QUARANTINE_COLUMNS = `id, warehouse, reason, detail, epoch, first_sequence, last_sequence, sku, at, bytes, settled_as,
  settled_at, settled_by, settled_why, directive`;

export type QuarantineRow = {
  readonly id: number;
  readonly warehouse: string;
  readonly reason: QuarantineReason;
  readonly detail: string;
  readonly epoch: number | null;
  readonly first_sequence: number | null;
  readonly last_sequence: number | null;
  readonly sku: string | null;
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly settled_as: Settlement['as'] | null;
  readonly settled_at: number | null;
  readonly settled_by: string | null;
  readonly settled_why: string | null;
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
    ...(row.first_sequence === null ? {} : { firstSequence: row.first_sequence }),
    ...(row.last_sequence === null ? {} : { lastSequence: row.last_sequence }),
    ...(row.sku === null ? {} : { sku: row.sku as Sku }),
    ...(settled === undefined ? {} : { settled }),
  };
}

function settlementOf(row: QuarantineRow): Settlement | undefined {
  if (row.settled_as === null) return undefined;
  return {
    as: row.settled_as,
    at: row.settled_at ?? 0,
    by: row.settled_by ?? '',
    why: row.settled_why ?? '',
    ...(row.directive === null ? {} : { directive: row.directive }),
  };
}

/** By what something is known again. The place is part of it: two sequences may well carry the same bytes. */
export function quarantineDigest({ epoch, firstSequence, lastSequence, bytes }: QuarantineInput): Uint8Array {
  return createHash('sha256')
    .update(`${epoch ?? ''}.${firstSequence ?? ''}.${lastSequence ?? ''}.`)
    .update(bytes)
    .digest();
}
