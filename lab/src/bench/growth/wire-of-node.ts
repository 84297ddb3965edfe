import { EdgeStore } from '@edgestock/edge-node/store/edge-store';
import type { WarehouseId } from '@edgestock/shared/inventory/ids';
import { encodeUpBatch } from '@edgestock/shared/protocol/codec';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { encodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import { SCHEMA_MAX } from '@edgestock/shared/protocol/version';
import { must } from '@edgestock/shared/runtime/assert';
import { systemClock } from '@edgestock/shared/runtime/clock';
import { systemRandom } from '@edgestock/shared/runtime/random';

/** Positions of one chunk that are looked at. */
const SNAPSHOT_ROWS = 500;

/** Bytes of the last sale in a full batch, and of a position in a chunk of a snapshot, of a node that has stopped. */
export function bytesOnTheWire(
  dataDir: string,
  warehouse: string,
): { readonly delta: number; readonly position: number } {
  const store = EdgeStore.open({
    dataDir,
    warehouse: warehouse as WarehouseId,
    clock: systemClock,
    random: systemRandom,
  });
  try {
    const { outbox } = store;
    const identity = outbox.identity();
    const { sequence } = outbox.head();
    const limits = { deltasMax: wireLimits.batchDeltasMax, bytesMax: wireLimits.batchBytesMax };
    const slice = must(
      outbox.slice(Math.max(outbox.firstSequence() - 1, sequence - limits.deltasMax), limits),
      'it has sold',
    );
    const batch = encodeUpBatch({ ...identity, ...slice, schema: SCHEMA_MAX, downAck: 0 });
    const { rows } = outbox.snapshotRowsAfter('', SNAPSHOT_ROWS);
    const chunk = encodeSnapshotChunk({ ...identity, sequence, index: 0, schema: SCHEMA_MAX, rows });
    return { delta: batch.length / slice.deltas.length, position: chunk.length / rows.length };
  } finally {
    store.close();
  }
}
