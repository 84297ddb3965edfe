import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { encodeDownBatch } from '@edgestock/shared/protocol/codec';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import type { DownSlice } from '../store/promise-store.ts';

/** A piece of a node's log down as it goes to the broker. */
export type SentBatch = { readonly bytes: Uint8Array; readonly messageId: string };

/** The message of a slice. Its id names place and content, and the run in which it was sent, since a copy may be meant. */
export function batchOf(
  warehouse: WarehouseId,
  slice: DownSlice,
  options: { readonly centralEpoch: number; readonly run: string },
): SentBatch {
  const { centralEpoch, run } = options;
  const bytes = encodeDownBatch({ warehouse, centralEpoch, schema: SCHEMA_MAX, ...slice });
  const { firstSequence, lastSequence, hashLast } = slice;
  const hash8 = Buffer.from(hashLast).toString('hex').slice(0, 8);
  const messageId = `${warehouse}.${centralEpoch}.${firstSequence}-${lastSequence}.${hash8}${run === '' ? '' : `.${run}`}`;
  return { bytes, messageId };
}
