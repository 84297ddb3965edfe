import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import type { Heard, NodeRecord } from '../../rules/node-record.ts';

/** What a node's record is made of, of `NODE_TABLES`. */
export const NODE_COLUMNS = `node.warehouse, epoch, instance, enrolled_at, applied_up_to, applied_hash, applied_at, last_delta_at,
  fence_reason, fenced_at, heard_at, heard_committed, heard_sent, heard_skew_ms, heard_schema_min, heard_schema_max, known_at,
  heard_fence, unsettled.warehouse IS NOT NULL AS is_unsettled, unsettled.until`;
export const NODE_TABLES = 'node LEFT JOIN unsettled ON unsettled.warehouse = node.warehouse';

export type NodeRow = {
  readonly warehouse: string;
  readonly epoch: number;
  readonly instance: string;
  readonly enrolled_at: number;
  readonly applied_up_to: number;
  readonly applied_hash: Uint8Array;
  readonly applied_at: number;
  readonly last_delta_at: number;
  readonly fence_reason: string | null;
  readonly fenced_at: number | null;
  readonly heard_at: number | null;
  readonly heard_committed: number | null;
  readonly heard_sent: number | null;
  readonly heard_skew_ms: number | null;
  readonly heard_schema_min: number | null;
  readonly heard_schema_max: number | null;
  readonly known_at: number;
  readonly heard_fence: string | null;
  /** 0 and 1 where a database has no truth of its own. */
  readonly is_unsettled: number | boolean;
  readonly until: number | null;
};

export function nodeRecordOf(row: NodeRow): NodeRecord {
  const heard = heardOf(row);
  return {
    warehouse: row.warehouse as WarehouseId,
    epoch: row.epoch,
    instance: row.instance,
    enrolledAt: row.enrolled_at,
    appliedUpTo: row.applied_up_to,
    appliedHash: row.applied_hash,
    appliedAt: row.applied_at,
    lastDeltaAt: row.last_delta_at,
    knownAt: row.known_at,
    ...(row.fence_reason === null ? {} : { fence: { reason: row.fence_reason, at: row.fenced_at ?? 0 } }),
    ...(heard === undefined ? {} : { heard }),
    ...(row.is_unsettled ? { unsettled: row.until === null ? {} : { until: row.until } } : {}),
  };
}

function heardOf(row: NodeRow): Omit<Heard, 'warehouse'> | undefined {
  if (row.heard_at === null) return undefined;
  return {
    at: row.heard_at,
    committed: row.heard_committed ?? 0,
    sent: row.heard_sent ?? 0,
    skewMs: row.heard_skew_ms ?? 0,
    schemaMin: row.heard_schema_min ?? 0,
    schemaMax: row.heard_schema_max ?? 0,
    ...(row.heard_fence === null ? {} : { nodeFence: row.heard_fence }),
  };
}
