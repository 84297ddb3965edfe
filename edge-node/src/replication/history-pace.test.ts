import { afterEach, expect, test } from 'vitest';
import { type ReplicatingNode, replicatingNode, skuNames } from '../testing/replicating-node.ts';
import { replicationLimits as limits } from './limits.ts';

let node: ReplicatingNode;
afterEach(async () => {
  const stopped = node.replication.stop();
  await node.clock.advance(1_000);
  await stopped;
});

test('history leaves room for others: it goes at its pace, and what is sold once it is there goes at once', async () => {
  node = replicatingNode();
  const { log, clock, link, central } = node;
  link.setConnected(false);
  log.commit(...skuNames(5_000, 2_400));
  link.setConnected(true);
  while (central.applied === 0) await clock.advance(1);
  const begun = central.applied;
  await clock.advance(100);
  const perSecond = (central.applied - begun) * 10;
  expect(perSecond).toBeGreaterThan(limits.historyDeltasPerSecond * 0.7);
  expect(perSecond).toBeLessThanOrEqual(limits.historyDeltasPerSecond);
  await clock.advance(5_000);
  expect(central.applied).toBe(5_000);
  log.commit(...skuNames(4_000, 50));
  await clock.advance(50);
  expect(central.applied).toBe(9_000);
});
