import type { Sku } from '@edgestock/shared/inventory/ids';
import { emptyQuantities } from '@edgestock/shared/inventory/position';
import { wireLimits } from '@edgestock/shared/protocol/limits';
import { chunkHash, type SnapshotRow, snapshotRoot } from '@edgestock/shared/protocol/snapshot';
import { decodeSnapshotChunk } from '@edgestock/shared/protocol/snapshot-codec';
import { must } from '@edgestock/shared/runtime/assert';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { expect, it } from 'vitest';
import { InMemoryLog } from '../testing/in-memory-log.ts';
import { SnapshotPlan } from './snapshot-plan.ts';

const neverAborted = new AbortController().signal;

/** A log that says these rows of each SKU; the place is 1. */
function logWith(rowsPerSku: readonly number[], placesPerRow = 0): { log: InMemoryLog; rows: readonly SnapshotRow[] } {
  const log = new InMemoryLog({ warehouse: 'BER1', clock: new VirtualClock(), epoch: 1 });
  log.commit('A', 'B');
  log.setAppliedUpTo(1);
  log.trim({ agedUpTo: 1, rowsMax: 1 });
  const rows = rowsPerSku.flatMap((count, index) =>
    Array.from({ length: count }, (_, part): SnapshotRow => {
      const place = { bin: `bin-${part}-${'x'.repeat(200)}`, lot: '', condition: 'sellable', quantity: part } as const;
      return {
        ...{ sku: `S-${String(index).padStart(6, '0')}` as Sku, version: 1, sequence: 1, state: emptyQuantities },
        places: [{ ...place, bin: `bin-${part}` }, ...Array.from({ length: placesPerRow }, () => place)],
        ...{ expiries: [], setAsides: [] },
      };
    }),
  );
  const skus = [...new Set(rows.map(({ sku }) => sku))];
  log.snapshotRowsAfter = (after, skusMax) => {
    const page = skus.filter((sku) => sku > after).slice(0, skusMax);
    return {
      rows: rows.filter(({ sku }) => page.includes(sku)),
      last: page.length < skusMax ? undefined : page.at(-1),
    };
  };
  return { log, rows };
}

async function chunksOf(plan: SnapshotPlan): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for (let index = 0; index < plan.manifest.chunks; index += 1) {
    chunks.push(must(await plan.chunk(index, neverAborted), 'nothing aborted it'));
  }
  return chunks;
}

it.each([
  ['whose SKUs have a row each, to the brim', Array.from({ length: 2_000 }, () => 1), 0],
  ['of nothing', [], 0],
  ['whose chunks end between rows of one SKU', Array.from({ length: 700 }, (_, n) => 1 + (n % 4)), 0],
  ['of one SKU in more rows than a chunk has', [2_500], 0],
  ['whose chunks are closed by their bytes', Array.from({ length: 60 }, (_, n) => 1 + (n % 3)), 40],
] as const)('a snapshot %s has every row once, in order, and the root of its chunks', async (_what, perSku, places) => {
  const { log, rows } = logWith(perSku, places);
  const plan = must(await SnapshotPlan.make(log, 5, neverAborted), 'nothing aborted it');
  const chunks = await chunksOf(plan);
  const decoded = chunks.map(decodeSnapshotChunk);
  expect(decoded.flatMap((chunk) => chunk.rows)).toEqual(rows);
  expect(decoded.map(({ index }) => index)).toEqual(decoded.map((_, index) => index));
  for (const { rows: some } of decoded) expect(some.length).toBeLessThanOrEqual(wireLimits.snapshotChunkRowsMax);
  const hash = must(log.hashAt(1), 'a hash');
  const root = snapshotRoot({ ...log.identity(), sequence: 1, hash, rows: rows.length }, chunks.map(chunkHash));
  expect(plan.manifest).toMatchObject({ sequence: 1, rows: rows.length, root: root.toString('hex'), at: 5 });
});

it('ends early when its session does', async () => {
  const { log } = logWith([1]);
  const session = new AbortController();
  session.abort();
  expect(await SnapshotPlan.make(log, 5, session.signal)).toBeUndefined();
});

it('is of no use when the log has been trimmed since', async () => {
  const { log } = logWith([1]);
  const plan = must(await SnapshotPlan.make(log, 5, neverAborted), 'nothing aborted it');
  expect(plan.isCurrent).toBe(true);
  log.setAppliedUpTo(2);
  log.trim({ agedUpTo: 2, rowsMax: 1 });
  expect(plan.isCurrent).toBe(false);
});
