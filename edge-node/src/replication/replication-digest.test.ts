import { bucketOf } from '@edgestock/shared/inventory/position-digest';
import { expect, test } from 'vitest';
import { replicatingNode, skuNames } from '../testing/replicating-node.ts';
import { sku } from '../testing/site.ts';
import { replicationLimits as limits } from './limits.ts';

const heartbeats = 3 * limits.heartbeatPeriodMs;

async function enrolled() {
  const node = replicatingNode();
  await node.clock.advance(1_000);
  return node;
}

test('the digest goes with the delta that it is of, and not again before its time', async () => {
  const { clock, log, central } = await enrolled();
  log.commit('A', 'B');
  await clock.advance(1_000);
  expect(central.digests).toEqual([{ sequence: 2, digest: log.digestAt(2) }]);
  const digests = new Map<number, Uint8Array | undefined>();
  for (let passedMs = 0; passedMs <= limits.digestPeriodMs + 1_000; passedMs += 1_000) {
    log.commit('C');
    digests.set(log.head().sequence, log.digestAt(log.head().sequence));
    await clock.advance(1_000);
  }
  expect(central.digests).toHaveLength(2);
  for (const { sequence, digest } of central.digests.slice(1)) expect(digest).toEqual(digests.get(sequence));
});

test('stock that has come to rest is told once more, with its last delta, and then no more', async () => {
  const { clock, log, central } = await enrolled();
  log.commit('A');
  await clock.advance(1_000);
  log.commit('B');
  await clock.advance(limits.digestPeriodMs + heartbeats);
  expect(central.digests.map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect(central.digests.at(-1)?.digest).toEqual(log.digestAt(2));
  expect([central.applied, central.duplicates]).toEqual([2, 1]);
  await clock.advance(10 * limits.digestPeriodMs);
  expect(central.digests).toHaveLength(2);
});

test('a busy log is told of after so many deltas, whatever the time', async () => {
  const { clock, log, central } = await enrolled();
  log.commit('A');
  await clock.advance(1_000);
  for (let round = 0; round < 21; round += 1) {
    log.commit(...skuNames(500, 30));
    await clock.advance(100);
  }
  expect(central.digests).toHaveLength(2);
});

test('central may ask for a digest at any time', async () => {
  const { clock, log, central } = await enrolled();
  log.commit('A');
  await clock.advance(1_000);
  central.wantsDigest = true;
  await clock.advance(2 * limits.heartbeatPeriodMs);
  expect(central.digests.length).toBeGreaterThan(1);
  expect(new Set(central.digests.map(({ sequence }) => sequence))).toEqual(new Set([1]));
});

test('a bucket that central asks for is sent whole, and one that is empty here as empty', async () => {
  const { clock, log, central } = await enrolled();
  log.commit('A', 'B');
  await clock.advance(1_000);
  const empty = bucketOf(sku('nobody has it'));
  central.repair = [bucketOf(sku('A')), empty, 99_999];
  await clock.advance(heartbeats);
  expect(
    central.repairs.map(({ repair, rows, asOfSequence }) => ({
      repair,
      asOfSequence,
      skus: rows.map((row) => row.sku),
    })),
  ).toEqual([
    { repair: { bucket: bucketOf(sku('A')), isWhole: true }, asOfSequence: 2, skus: ['A'] },
    { repair: { bucket: empty, isWhole: true }, asOfSequence: 2, skus: [] },
  ]);
});

test('a bucket too large for a message is sent in pieces that do not claim to be whole', async () => {
  const { clock, log, central } = await enrolled();
  // All of one bucket.
  const bucket = 7;
  const skus: string[] = [];
  for (let number = 0; skus.length <= limits.repairRowsMax; number += 1) {
    if (bucketOf(sku(`S${number}`)) === bucket) skus.push(`S${number}`);
  }
  for (let at = 0; at < skus.length; at += 500) log.commit(...skus.slice(at, at + 500));
  await clock.advance(5_000);
  central.repair = [bucket];
  await clock.advance(heartbeats);
  expect(central.repairs.map(({ repair, rows }) => [repair?.isWhole, rows.length])).toEqual([
    [false, limits.repairRowsMax],
    [false, 1],
  ]);
});
