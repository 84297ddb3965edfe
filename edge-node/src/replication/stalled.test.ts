import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ReplicatingNode, replicatingNode } from '../testing/replicating-node.ts';
import { noFaults } from '../testing/simulated-link.ts';
import { replicationLimits as limits } from './limits.ts';

let node: ReplicatingNode;
beforeEach(async () => {
  node = replicatingNode();
  await node.clock.advance(1_000);
});
afterEach(async () => {
  await node.replication.stop();
});

describe('a node of which central answers and takes nothing that it sends', () => {
  test('says so, and for how long, until something is taken', async () => {
    const { log, clock, link, central, replication } = node;
    link.faults = { ...noFaults, brokerLoss: 1 };
    log.commit('A');
    await clock.advance(limits.stalledAfterMs - 1_000);
    expect(replication.status()).toMatchObject({ state: 'live' });
    expect(replication.status()).not.toHaveProperty('stalledMs');
    // Sending it again, twice by now, is no progress.
    await clock.advance(51_000);
    expect(replication.counters.rewinds.stall).toBeGreaterThan(1);
    expect(replication.status()).toMatchObject({
      state: 'stalled',
      stalledMs: limits.stalledAfterMs + 50_000,
      hint: expect.stringContaining('for 90 s, though the broker took it'),
    });
    link.faults = noFaults;
    await clock.advance(limits.stallMs + 1_000);
    expect(central.applied).toBe(1);
    expect(replication.status()).toMatchObject({ state: 'live' });
    expect(replication.status()).not.toHaveProperty('hint');
  });

  test('and does not hear central either, says that, and begins anew when it does', async () => {
    const { log, clock, link, replication } = node;
    link.faults = { ...noFaults, brokerLoss: 1 };
    log.commit('A');
    await clock.advance(limits.stalledAfterMs - 1_000);
    link.faults = { ...noFaults, brokerLoss: 1, isCentralDown: true };
    await clock.advance(30_000);
    expect(replication.status()).toMatchObject({ state: 'catching-up' });
    link.faults = { ...noFaults, brokerLoss: 1 };
    await clock.advance(limits.sessionRetryMsMax + 1_000);
    expect(replication.status()).toMatchObject({ state: 'live' });
  });
});
