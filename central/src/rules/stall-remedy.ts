import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { unreachable } from '@edgestock/shared/runtime/assert';
import { centralLimits } from '../limits.ts';

/** A node in contact that has sent, while central's cursor in its log stands still. */
export type StalledNode = {
  readonly warehouse: WarehouseId;
  readonly stalledMs: number;
  /** Since what the broker held of it was dropped, in this stall or an earlier one. */
  readonly purgedAgoMs: number | undefined;
};

/** How far a message of central's own came on its way through the broker back to central. */
export type ProbeResult = 'arrived' | 'not-delivered' | 'not-taken';

/** What was last done about a shard since its nodes stand still. */
export type LastStep =
  | { readonly step: 'probed'; readonly result: ProbeResult; readonly agoMs: number }
  | { readonly step: 'consumer-remade' | 'stream-remade'; readonly agoMs: number };

export type StalledShard = {
  readonly nodes: readonly StalledNode[];
  readonly last: LastStep | undefined;
  readonly isConsumerRemade: boolean;
  /** By any shard: they share the stream. */
  readonly streamRemadeAgoMs: number | undefined;
};

export type Remedy =
  | { readonly remedy: 'purge'; readonly warehouses: readonly WarehouseId[] }
  | { readonly remedy: 'probe' | 'remake-consumer' | 'remake-stream' };

/**
 * What to do about a shard of the stream in which nodes stand still, or nothing yet. Everything in the stream is sent again by
 * who owns it, so dropping it is harmless; but it costs, so the cheap goes first. A purge concerns nobody but the node that says it
 * has sent. What concerns its neighbours is done only when central has seen with a message of its own that the broker is to
 * blame: a node that may not publish, or lies, must not make central drop what others have sent.
 */
export function remedyFor(shard: StalledShard): Remedy | undefined {
  const stalled = shard.nodes.filter(({ stalledMs }) => stalledMs >= centralLimits.stalledAfterMs);
  const unpurged = stalled.filter(({ purgedAgoMs }) => isOver(purgedAgoMs, centralLimits.stallPurgeRepeatMs));
  if (unpurged.length > 0) return { remedy: 'purge', warehouses: unpurged.map(({ warehouse }) => warehouse) };
  if (!stalled.some(({ purgedAgoMs }) => isOver(purgedAgoMs, centralLimits.stallRemedyMs))) return undefined;
  const { last } = shard;
  if (last === undefined) return { remedy: 'probe' };
  switch (last.step) {
    case 'consumer-remade':
      // A probe says more, and sooner, than a node that has to be asked.
      return { remedy: 'probe' };
    case 'stream-remade':
      return last.agoMs >= centralLimits.stallRemedyMs ? { remedy: 'probe' } : undefined;
    case 'probed':
      return afterProbe(shard, last);
    default:
      return unreachable(last);
  }
}

function afterProbe(
  { isConsumerRemade, streamRemadeAgoMs }: StalledShard,
  { result, agoMs }: { readonly result: ProbeResult; readonly agoMs: number },
): Remedy | undefined {
  // The broker works: whatever keeps the node, nothing here helps it.
  if (result === 'arrived') return agoMs >= centralLimits.stallPurgeRepeatMs ? { remedy: 'probe' } : undefined;
  if (result === 'not-delivered' && !isConsumerRemade) return { remedy: 'remake-consumer' };
  if (isOver(streamRemadeAgoMs, centralLimits.stallRemakeRepeatMs)) return { remedy: 'remake-stream' };
  return agoMs >= centralLimits.stallProbeRepeatMs ? { remedy: 'probe' } : undefined;
}

function isOver(agoMs: number | undefined, periodMs: number): boolean {
  return agoMs === undefined || agoMs >= periodMs;
}
