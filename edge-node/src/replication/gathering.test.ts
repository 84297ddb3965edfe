import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ReplicatingNode, replicatingNode } from '../testing/replicating-node.ts';

let node: ReplicatingNode;
beforeEach(async () => {
  node = replicatingNode();
  await node.clock.advance(1_000);
  node.central.arrivals.length = 0;
});
afterEach(async () => {
  const stopped = node.replication.stop();
  await node.clock.advance(1_000);
  await stopped;
});

test('a node that sells fast sends few batches, and no sale waits longer than 20 ms for its own', async () => {
  const { log, clock, central } = node;
  const waiting: { readonly sequence: number; readonly atMs: number }[] = [];
  let longestMs = 0;
  for (let ms = 0; ms < 1_000; ms += 1) {
    log.commit('A', 'B');
    waiting.push({ sequence: log.head().sequence, atMs: clock.monotonicMs() });
    await clock.advance(1);
    while (waiting[0] !== undefined && waiting[0].sequence <= central.applied) {
      longestMs = Math.max(longestMs, clock.monotonicMs() - waiting[0].atMs);
      waiting.shift();
    }
  }
  expect(central.arrivals.length).toBeLessThan(70);
  expect(longestMs).toBeLessThanOrEqual(25);
});

test('a node that sells one every few milliseconds sends each at once', async () => {
  const { log, clock, central } = node;
  for (let sale = 1; sale <= 100; sale += 1) {
    log.commit('A');
    await clock.advance(3);
    expect(central.applied).toBe(sale);
  }
});
