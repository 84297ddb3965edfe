import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { isSilent, knownUpTo } from '../rules/freshness.ts';
import type { NodeRecord } from '../rules/node-record.ts';
import { notCountedBecause } from '../rules/unsettled.ts';

/** How far central and one node are apart, as an operator asks for it. */
export type SyncState = {
  readonly warehouse: WarehouseId;
  readonly epoch: number;
  readonly instance: string;
  readonly enrolledAt: number;
  /** Central's cursor in the node's log, the chain hash there (hex), and when it last moved (0 = never). */
  readonly appliedUpTo: number;
  readonly appliedHash: string;
  readonly appliedAt: number;
  /** What the node last said it had committed and handed to the broker; central's cursor before it ever spoke. */
  readonly committedUpTo: number;
  readonly sentUpTo: number;
  /** Deltas central does not have, as far as it has heard; a silent warehouse may have more. */
  readonly backlog: number;
  /** Up to when the warehouse is known, and how long ago that is; both `undefined` while nothing is known of it. */
  readonly asOf: number | undefined;
  readonly lagMs: number | undefined;
  /** Last heartbeat; absent when there was none. */
  readonly heardAt?: number;
  readonly isSilent: boolean;
  /** How far the node's clock is ahead of central's. */
  readonly skewMs: number;
  readonly schema?: readonly [min: number, max: number];
  /** Why the node may not go on, when it may not. */
  readonly fence?: { readonly reason: string; readonly at: number };
  /** Why the node has stopped sending by its own judgement, as it last said; absent while it has not. */
  readonly nodeFence?: { readonly reason: string };
  /** Why nothing of the warehouse is promised for now, although it may have granted much; absent while it is counted. */
  readonly notCounted?: string;
};

/** True when a person has to decide before the node goes on, whoever judged so. */
export function isFenced({ fence, nodeFence }: SyncState): boolean {
  return fence !== undefined || nodeFence !== undefined;
}

export function syncStateOf(record: NodeRecord, now: number): SyncState {
  const { heard, fence } = record;
  const asOf = knownUpTo(record);
  const notCounted = notCountedBecause(record);
  const committedUpTo = Math.max(heard?.committed ?? 0, record.appliedUpTo);
  return {
    warehouse: record.warehouse,
    epoch: record.epoch,
    instance: record.instance,
    enrolledAt: record.enrolledAt,
    appliedUpTo: record.appliedUpTo,
    appliedHash: Buffer.from(record.appliedHash).toString('hex'),
    appliedAt: record.appliedAt,
    committedUpTo,
    sentUpTo: Math.max(heard?.sent ?? 0, record.appliedUpTo),
    backlog: committedUpTo - record.appliedUpTo,
    asOf,
    lagMs: asOf && Math.max(0, now - asOf),
    isSilent: isSilent(record, now),
    skewMs: heard?.skewMs ?? 0,
    ...(heard === undefined ? {} : { heardAt: heard.at, schema: [heard.schemaMin, heard.schemaMax] as const }),
    ...(fence === undefined ? {} : { fence }),
    ...(notCounted === undefined ? {} : { notCounted }),
    ...(heard?.nodeFence === undefined ? {} : { nodeFence: { reason: heard.nodeFence } }),
  };
}
